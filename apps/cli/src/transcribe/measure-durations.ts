import { type AudioDecoder } from '@stenofleet/asr-core';
import { type Ticket } from '../terminal/reporter.js';
import { type PlannedRecording } from './plan-run.js';

/**
 * Finds out how long the recordings are while they wait their turn, so that the time left can be told. One at a time:
 * lanes need the machine more. What cannot be measured says why when its turn comes.
 */
export async function measureDurations(
  jobs: readonly { ticket: Ticket; plan: PlannedRecording }[],
  {
    decoder,
    signal,
    onMeasured,
  }: {
    decoder: AudioDecoder;
    signal: AbortSignal;
    onMeasured: (ticket: Ticket, durationSeconds: number | undefined) => void;
  },
): Promise<void> {
  for (const { ticket, plan } of jobs) {
    if (signal.aborted) return;
    const { recording } = plan;
    if (recording.kind === 'url') continue;
    const info = await decoder.probeAudio(recording.path, { signal }).catch(() => undefined);
    onMeasured(ticket, info?.durationSeconds);
  }
}
