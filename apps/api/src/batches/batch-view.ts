import { type BatchRecord, type BatchView, estimateSecondsLeft } from '@stenofleet/shared/job';

export function toBatchView(record: BatchRecord, nowMs: number): BatchView {
  const { request, status, audioSeconds, doneSeconds, computeSeconds } = record;
  const isOpen = status === 'expanding' || status === 'running';
  const secondsLeft = isOpen ? estimateSecondsLeft(record, nowMs) : undefined;
  return {
    id: record.id,
    ...(record.name !== undefined && { name: record.name }),
    status,
    cancelling: record.cancelling,
    counts: record.counts,
    itemsRead: record.itemsRead,
    audioSeconds,
    doneSeconds,
    computeSeconds,
    failures: record.failures,
    ...(record.error && { error: record.error }),
    metadata: request.metadata,
    ...(secondsLeft !== undefined && { secondsLeft }),
    // Of seconds with seconds: the unit falls out.
    ...(doneSeconds > 0 &&
      computeSeconds > 0 && { cpuHoursPerAudioHour: computeSeconds / doneSeconds }),
    createdAt: new Date(record.createdAtMs).toISOString(),
    ...(record.finishedAtMs !== undefined && {
      finishedAt: new Date(record.finishedAtMs).toISOString(),
    }),
  };
}
