// Recordings of any length and format, made of real speech.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const runFile = promisify(execFile);

export type RepeatOptions = {
  seconds: number;
  /** Where in the source it begins: recordings that begin elsewhere are others. @defaultValue 0 */
  fromSeconds?: number;
  /** @defaultValue that of the source */
  channels?: 1 | 2;
};

/** Repeats `source` up to a length; the target's extension says the format. An mp3 from an mp3 is not encoded again. */
export async function repeatSpeech(
  source: string,
  target: string,
  { seconds, fromSeconds = 0, channels }: RepeatOptions,
): Promise<void> {
  const isCopy = source.endsWith('.mp3') && target.endsWith('.mp3') && channels === undefined;
  await runFile('ffmpeg', [
    ...['-nostdin', '-loglevel', 'error', '-y', '-stream_loop', '-1', '-i', source],
    ...(fromSeconds > 0 ? ['-ss', String(fromSeconds)] : []),
    ...['-t', String(seconds), '-vn'],
    ...(isCopy ? ['-c', 'copy'] : []),
    ...(channels === undefined ? [] : ['-ac', String(channels)]),
    target,
  ]);
}
