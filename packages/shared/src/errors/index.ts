export { CodedError, type CodedErrorOptions } from './coded-error.js';
export { type FleetErrorCode, fleetErrors } from './error-codes.js';
export { toWireError, type WireError, wireErrorSchema } from './wire-error.js';
