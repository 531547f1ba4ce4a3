// Is what came out of ffmpeg all that the recording holds? ffmpeg reads on over damage and exits
// well, so the answer is in its messages and in the length that the container promises.

import { AsrError } from '../errors.js';
import { SAMPLE_RATE_HZ } from '../transcript.js';
import { parseClockMessage } from './audio-filters.js';

/**
 * A promise is kept if no more than this is missing: encoders count their own delay and padding.
 */
const TOLERATED_SAMPLES = 0.5 * SAMPLE_RATE_HZ;

/** A broken last frame that takes less than this from a promised length hides no word. */
const AUDIBLE_SAMPLES = 0.1 * SAMPLE_RATE_HZ;

/**
 * Messages run ahead of the samples by what two pipe buffers hold: trouble this close to the end is
 * at the end.
 */
const TAIL_SAMPLES = 3 * SAMPLE_RATE_HZ;

/**
 * `truncated`: sound up to `atSamples`, none after. `corrupt`: something is missing or false from
 * about `atSamples` on.
 */
export type Damage = { kind: 'truncated' | 'corrupt'; atSamples: number; message: string };

/** `packet-ahead`: seen by the demuxer, which may be far ahead of the decoder. */
export type Trouble = {
  kind: 'packet' | 'packet-ahead' | 'decoding' | 'file-end' | 'clock' | 'elsewhere';
  line: string;
};

/**
 * What a decode showed. `expectedSamples` is where the container says that the track ends, if it
 * says so.
 */
export type DecodeEvidence = {
  samples: number;
  expectedSamples: number | undefined;
  exitedWell: boolean;
  firstTrouble: (Trouble & { atSamples: number }) | undefined;
  fileEndsEarly: boolean;
};

/**
 * The messages of ffmpeg (`-loglevel level+warning`) that mean loss of sound in this stream; all
 * others are talk.
 */
export function parseTrouble(line: string, streamIndex: number): Trouble | undefined {
  const packet = /(Packet corrupt \(stream = |corrupt input packet in stream )(\d+)/.exec(line);
  if (packet !== null) {
    if (Number(packet[2]) !== streamIndex) return undefined;
    return { kind: packet[1]!.startsWith('Packet') ? 'packet-ahead' : 'packet', line };
  }
  if (/Error while decoding stream|Error submitting packet to decoder/.test(line)) {
    return { kind: 'decoding', line };
  }
  if (
    /File ended prematurely|: partial file$|Error during demuxing/.test(line) ||
    /^\[error\] file:.*: (Input\/output error|Invalid data found|End of file)/.test(line)
  ) {
    return { kind: 'file-end', line };
  }
  if (line.includes('Skipped opening external track')) return { kind: 'elsewhere', line };
  if (parseClockMessage(line)?.kind === 'broken-step') return { kind: 'clock', line };
  return undefined;
}

/** The damage that a decode with samples shows, if any. */
export function judgeDamage(evidence: DecodeEvidence): Damage | undefined {
  const { samples, expectedSamples, firstTrouble } = evidence;
  if (expectedSamples !== undefined && expectedSamples - samples > TOLERATED_SAMPLES) {
    return truncated(
      samples,
      `The recording promises ${seconds(expectedSamples)} s of sound; it holds ${seconds(samples)} s.`,
    );
  }
  if (evidence.fileEndsEarly || !evidence.exitedWell) {
    return truncated(samples, `The recording breaks off after ${seconds(samples)} s.`);
  }
  if (firstTrouble === undefined) return undefined;
  if (firstTrouble.kind !== 'clock' && firstTrouble.atSamples >= samples - TAIL_SAMPLES) {
    if (expectedSamples !== undefined && expectedSamples - samples < AUDIBLE_SAMPLES)
      return undefined;
    return truncated(samples, `The recording is damaged at its end, after ${seconds(samples)} s.`);
  }
  return {
    kind: 'corrupt',
    atSamples: firstTrouble.atSamples,
    message:
      firstTrouble.kind === 'clock'
        ? `The times in the recording are broken from about ${seconds(firstTrouble.atSamples)} s on.`
        : `The recording is damaged at about ${seconds(firstTrouble.atSamples)} s.`,
  };
}

/** The error of a decode that ended by itself and gave no sample. */
export function judgeSilence(evidence: DecodeEvidence): AsrError {
  const { firstTrouble, expectedSamples = 0 } = evidence;
  const details = firstTrouble === undefined ? {} : { details: { ffmpeg: firstTrouble.line } };
  if (firstTrouble?.kind === 'elsewhere') {
    return new AsrError(
      'AUDIO_UNREADABLE',
      'The recording only refers to its sound, which lies in another file. Export it self-contained.',
      details,
    );
  }
  if (
    evidence.fileEndsEarly ||
    firstTrouble?.kind === 'packet' ||
    (evidence.exitedWell && expectedSamples > TOLERATED_SAMPLES)
  ) {
    return new AsrError(
      'AUDIO_TRUNCATED',
      'The recording is cut off before its first sound. Get the complete file.',
      details,
    );
  }
  if (firstTrouble === undefined && evidence.exitedWell) {
    return new AsrError('AUDIO_EMPTY', 'The recording holds no sound: its audio track is empty.');
  }
  return new AsrError(
    'AUDIO_UNREADABLE',
    'The audio track cannot be decoded: it is damaged, or of a kind that this ffmpeg does not know.',
    details,
  );
}

function truncated(atSamples: number, message: string): Damage {
  return { kind: 'truncated', atSamples, message };
}

function seconds(samples: number): string {
  return (samples / SAMPLE_RATE_HZ).toFixed(1);
}
