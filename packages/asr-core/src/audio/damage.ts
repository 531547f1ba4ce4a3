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

/**
 * What demuxers say when they step over bytes that make no sense: sound (or picture, they cannot
 * know) is lost there, and goes on after it.
 */
const RESYNC_MESSAGES: readonly RegExp[] = [
  /^\[ogg @ .*CRC mismatch!/,
  /^\[flv @ .*Packet mismatch /,
  /^\[mpegts @ .*changing packet size to /,
  /^\[matroska,webm @ .*(exceeds containing master element|inside parent with finite size)/,
  /^\[matroska,webm @ .*( EBML number's first byte .* exceeds max length|as first byte of an EBML)/,
];

/** `packet-ahead`: seen by the demuxer, which may be far ahead of the decoder. */
export type Trouble = {
  kind: 'packet' | 'packet-ahead' | 'resync' | 'decoding' | 'file-end' | 'clock' | 'elsewhere';
  line: string;
};

/**
 * What a decode showed. `expectedSamples` is where the container says that the track ends, if it
 * says so; `keepsTime` whether it also says where each packet lies.
 */
export type DecodeEvidence = {
  samples: number;
  expectedSamples: number | undefined;
  keepsTime: boolean;
  exitedWell: boolean;
  /** Seen before anything was decoded, when ffmpeg looks at the first 30 s and at the end. */
  openingTrouble: Trouble | undefined;
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
    /^\[error\] file:.*: (Input\/output error|Invalid (data found|argument)|End of file)/.test(line)
  ) {
    return { kind: 'file-end', line };
  }
  if (RESYNC_MESSAGES.some((message) => message.test(line))) return { kind: 'resync', line };
  if (line.includes('Skipped opening external track')) return { kind: 'elsewhere', line };
  if (parseClockMessage(line)?.kind === 'broken-step') return { kind: 'clock', line };
  return undefined;
}

/** The damage that a decode with samples shows, if any. */
export function judgeDamage(evidence: DecodeEvidence): Damage | undefined {
  const { samples, expectedSamples, firstTrouble } = evidence;
  const missingSamples = Math.max(0, (expectedSamples ?? 0) - samples);
  const endsEarly = evidence.fileEndsEarly || !evidence.exitedWell;
  const isInside =
    firstTrouble !== undefined &&
    (['clock', 'resync'].includes(firstTrouble.kind) ||
      firstTrouble.atSamples < samples - TAIL_SAMPLES);
  if (isInside && !endsEarly) {
    // Where packets have times, what is missing is not here: it is missing at the end.
    const losesTime = !evidence.keepsTime || firstTrouble.kind === 'clock';
    if (losesTime || missingSamples <= TOLERATED_SAMPLES) {
      const message = describeInside(firstTrouble, { losesTime, missingSamples });
      return { kind: 'corrupt', atSamples: firstTrouble.atSamples, message };
    }
  }
  if (expectedSamples !== undefined && missingSamples > TOLERATED_SAMPLES) {
    const message = `The recording promises ${seconds(expectedSamples)} s of sound; it holds ${seconds(samples)} s.`;
    // AVI says nothing about a hole.
    const mayBeInside = firstTrouble === undefined && !evidence.keepsTime;
    return truncated(
      samples,
      mayBeInside
        ? `${message} If the rest is missing in the middle, times after that are early.`
        : message,
    );
  }
  if (endsEarly) {
    return truncated(samples, `The recording breaks off after ${seconds(samples)} s.`);
  }
  if (firstTrouble === undefined) {
    if (evidence.openingTrouble === undefined) return undefined;
    const message =
      'The recording is damaged, probably within its first 30 s. Times after that place may be early.';
    return { kind: 'corrupt', atSamples: 0, message };
  }
  if (expectedSamples !== undefined && expectedSamples - samples < AUDIBLE_SAMPLES)
    return undefined;
  return truncated(samples, `The recording is damaged at its end, after ${seconds(samples)} s.`);
}

/** The error of a decode that ended by itself and gave no sample. */
export function judgeSilence(evidence: DecodeEvidence): AsrError {
  const { expectedSamples = 0 } = evidence;
  const firstTrouble = evidence.firstTrouble ?? evidence.openingTrouble;
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

function describeInside(
  { kind, atSamples }: { kind: Trouble['kind']; atSamples: number },
  { losesTime, missingSamples }: { losesTime: boolean; missingSamples: number },
): string {
  const place = `about ${seconds(atSamples)} s`;
  const what =
    kind === 'clock'
      ? `The times in the recording are broken from ${place} on.`
      : `The recording is damaged at ${place}.`;
  if (missingSamples > TOLERATED_SAMPLES) {
    const missing = `${seconds(missingSamples)} s`;
    return `${what} ${missing} of the sound that it promises are missing: times after this place may be early by up to that much.`;
  }
  return losesTime && kind !== 'clock' ? `${what} Times after this place may be early.` : what;
}

function truncated(atSamples: number, message: string): Damage {
  return { kind: 'truncated', atSamples, message };
}

function seconds(samples: number): string {
  return (samples / SAMPLE_RATE_HZ).toFixed(1);
}
