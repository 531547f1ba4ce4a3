export { type AddressPolicy, createAddressPolicy, type WebTarget } from './address-policy.js';
export { type AddressKind, classifyAddress } from './address-ranges.js';
export {
  createSourceReader,
  type SourceReaderOptions,
  type WebSourceOptions,
} from './create-source-reader.js';
export { removeAbandonedDownloads } from './downloads.js';
export { createPinnedLookup, type PinnedAddress } from './open-response.js';
export { pinAddresses, type PinOptions, resolveHost, type ResolveHost } from './pin-addresses.js';
export { isInsidePrefix, jailPath } from './place.js';
export { sanitizeName } from './sanitize-name.js';
export {
  type ObtainedSource,
  type ObtainOptions,
  type SourceInfo,
  type SourceReader,
} from './source-reader.js';
export { checkRedirect, checkWebAddress, getTarget, showAddress } from './web-address.js';
