export { type HostRecord, type HostRegistry, hostSchema } from './hosts.js';
export {
  type Attempt,
  type BacklogEntry,
  type Created,
  type Ledger,
  type ListJobsOptions,
  type Outcome,
  type Page,
  type Quota,
  type Standing,
} from './ledger.js';
export { createQuotaError, type QuotaRefusal } from './quota-error.js';
export { createHostRegistry } from './redis-hosts.js';
export { createLedger, type LedgerOptions } from './redis-ledger.js';
