import { type Standing } from '@stenofleet/shared/ledger';
import { StoppedError } from './work-registry.js';

/** Refuses to go on where the ledger says that the work is no longer wanted of us. @throws StoppedError */
export function requireCurrent(standing: Standing): void {
  if (standing !== 'current') throw new StoppedError(standing);
}
