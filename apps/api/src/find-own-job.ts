import { CodedError } from '@stenofleet/shared/errors';
import { type JobRecord } from '@stenofleet/shared/job';
import { type ApiDependencies, type Principal } from './dependencies.js';

/**
 * A job of this tenant. Somebody else's is as unknown as one that never was.
 * @throws CodedError `JOB_NOT_FOUND`
 */
export async function findOwnJob(
  id: string,
  { principal, ledger }: { principal: Principal; ledger: ApiDependencies['ledger'] },
): Promise<JobRecord> {
  const record = await ledger.getJob(id);
  if (record?.spec.tenant === principal.tenant) return record;
  throw new CodedError('JOB_NOT_FOUND', `There is no job "${id}".`, { field: 'id' });
}
