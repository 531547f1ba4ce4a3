export { ModelStoreError, modelStoreErrors, type ModelStoreErrorCode } from './errors.js';
export {
  type FileRole,
  type InstalledFile,
  type InstalledManifest,
  type InstalledTier,
  type ModelFile,
  type ModelManifest,
  type ModelSource,
  type ModelTier,
} from './model-manifest.js';
export { demoModel, findKnownModel, listKnownModels } from './model-catalogue.js';
export {
  findInstalledModel,
  listInstalledModels,
  removeModel,
  type CacheOptions,
  type InstalledModel,
  type InstalledTierState,
} from './model-cache.js';
export {
  resolveModel,
  type ModelDescription,
  type ModelFiles,
  type ResolveOptions,
  type ResolvedModel,
} from './resolve-model.js';
export { countModelBytes, identifyModel, type ModelProvenance } from './model-provenance.js';
export { resolveBetterTier, withBetterTier } from './resolve-better-tier.js';
export { type TransferProgress } from './transfer.js';
export { pullModel, type PullOptions, type PullResult } from './pull-model.js';
export { importModel, type ImportOptions, type ImportResult } from './import-model.js';
export { recordParityCheck, setSwitches } from './change-tiers.js';
export { type ModelSwitches, type ParityCheck } from './tier-schema.js';
export { verifyModel, type FileReport, type VerifyOptions } from './verify-model.js';
