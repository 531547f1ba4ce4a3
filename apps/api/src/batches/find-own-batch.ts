import { CodedError } from '@stenofleet/shared/errors';
import { type BatchRecord } from '@stenofleet/shared/job';
import { type ApiDependencies, type Principal } from '../dependencies.js';

/**
 * A batch of this tenant. Somebody else's is as unknown as one that never was.
 * @throws CodedError `BATCH_NOT_FOUND`
 */
export async function findOwnBatch(
  id: string,
  { principal, ledger }: { principal: Principal; ledger: ApiDependencies['ledger'] },
): Promise<BatchRecord> {
  const record = await ledger.getBatch(id);
  if (record?.tenant === principal.tenant) return record;
  throw new CodedError('BATCH_NOT_FOUND', `There is no batch "${id}".`, { field: 'id' });
}
