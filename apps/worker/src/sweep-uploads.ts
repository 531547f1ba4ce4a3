// Recordings that were sent to the API stay as long as a job may want them; what a killed API has left goes sooner.

import { type Log } from '@stenofleet/shared/log';
import { type ObjectStore, UPLOADS_PREFIX } from '@stenofleet/shared/storage';

const DAY_MS = 24 * 3_600_000;
/** Of an upload that was not received whole. */
const INCOMING = '/incoming-';

export type SweepUploadsOptions = {
  storage: ObjectStore;
  log: Log;
  now: () => number;
  /** Since it was last sent: as long as a job's record, and the time before the job was done. */
  keepMs: number;
  signal: AbortSignal;
};

/** Answers how many were removed. */
export async function sweepUploads(options: SweepUploadsOptions): Promise<number> {
  const { storage, log, now, keepMs, signal } = options;
  let after: string | undefined;
  let removed = 0;
  for (;;) {
    const page = await storage.list({
      prefix: UPLOADS_PREFIX,
      signal,
      ...(after !== undefined && { after }),
    });
    const last = page.at(-1);
    if (!last) break;
    after = last.key;
    const old = page.filter(({ key, modifiedAt }) => {
      const ageMs = now() - modifiedAt.getTime();
      return ageMs > (key.includes(INCOMING) ? DAY_MS : keepMs);
    });
    await storage.delete(
      old.map(({ key }) => key),
      signal,
    );
    removed += old.length;
  }
  if (removed > 0) log.info({ removed }, 'removed old uploads');
  return removed;
}
