export {
  type FleetVariables,
  fleetVariables,
  otherVariables,
  resolveDataDir,
  resolveStorageUrl,
  variableTypes,
} from './fleet-variables.js';
export { type Environment, parseEnv } from './parse-env.js';
