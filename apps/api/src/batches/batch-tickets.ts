// Work on whole batches, in the queue for it: what a killed process leaves is taken up by another.

import { type BatchRecord } from '@stenofleet/shared/job';
import { type ExpandTicket, ticketOptions } from '@stenofleet/shared/queue';
import { type ApiDependencies } from '../dependencies.js';

export type BatchWork =
  | { name: 'expand' }
  | { name: 'cancel' }
  /** Only what had ended by then: what fails anew is not tried for ever. */
  | { name: 'retry'; partial: boolean; beforeMs: number };

export type BatchTicket = ExpandTicket & { work: BatchWork };

/** One ticket for each batch and kind of work: adding one that waits already changes nothing. */
export async function addBatchTicket(
  batchId: BatchRecord['id'],
  { work, queues }: { work: BatchWork } & Pick<ApiDependencies, 'queues'>,
): Promise<void> {
  const ticket: BatchTicket = { batchId, work };
  await queues
    .get(queues.catalogue.expand)
    .add(work.name, ticket, { ...ticketOptions, jobId: `${batchId}-${work.name}` });
}
