// What the end of an ffmpeg or ffprobe process means, apart from anything the recording may have to
// do with it.

import { AsrError, cancelled } from '../errors.js';
import { type ProcessEnd } from './ffmpeg.js';

/**
 * Signals by which a program ends itself over its input. Any other came from outside and says
 * nothing about the input.
 */
const CRASH_SIGNALS: readonly string[] = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV'];

/**
 * The error of a process that was stopped or never ran; undefined when it ended by itself, well or
 * badly.
 */
export function processError(program: string, end: ProcessEnd): AsrError | undefined {
  switch (end.kind) {
    case 'exited':
      return undefined;
    case 'cancelled':
      return cancelled();
    case 'timed-out':
      return new AsrError(
        'AUDIO_DECODE_TIMEOUT',
        `${program} took longer than its limit allows for this recording.`,
      );
    case 'killed':
      if (CRASH_SIGNALS.includes(end.signal)) return undefined;
      return new AsrError('AUDIO_DECODE_FAILED', `${program} was killed by ${end.signal}.`);
    case 'not-started':
      if (end.missing) {
        return new AsrError(
          'FFMPEG_MISSING',
          `${program} cannot be started: install ffmpeg, or name its path (${end.message}).`,
        );
      }
      return new AsrError(
        'AUDIO_DECODE_FAILED',
        `${program} could not be started: ${end.message}.`,
      );
  }
}
