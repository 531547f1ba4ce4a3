export { type Fleet } from './fleet.js';
export { openFleet, type OpenFleetOptions } from './open-fleet.js';
