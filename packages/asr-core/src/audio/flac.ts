// Audio that is kept between two steps of a job: FLAC at 16 kHz in steps of 16 bits, one channel behind the other in a
// single mono stream. So any number of channels is possible (FLAC itself ends at eight), and none is mixed by its layout.
// Audio beyond full scale (float recorders, lossy codecs) is kept as 24 bits, 48 dB lower: the same steps, more of them.

import { AsrError } from '../errors.js';
import { SAMPLE_RATE_HZ } from '../transcript.js';
import { type Ffmpeg } from './ffmpeg.js';
import { processError } from './process-error.js';

/** Such a file holds minutes: ffmpeg needs a second or two. */
const PATIENCE_MS = 120_000;
const PIECE_SAMPLES = 65_536;
/** Steps of 16 bits in full scale. */
const STEPS = 32_768;
/** Largest sample of 16 bits. */
const FULL_SCALE = (STEPS - 1) / STEPS;
/** By how much audio of 24 bits is lower than it was. */
const LOUD_SCALE = 256;
/** Where FLAC keeps its bits for each sample (4 bits of one byte, 1 of the byte before). */
const BITS_OFFSET = 20;

export type FlacOptions = { signal?: AbortSignal | undefined };

export type ReadFlacOptions = FlacOptions & {
  /** Samples of each channel. A file that holds more or fewer is refused. */
  expectedSamples: number;
};

/** Writes channels of equal length. What is left of a failed attempt is no valid file. */
export async function writeFlac(
  ffmpeg: Ffmpeg,
  audio: readonly Float32Array[],
  { path, signal }: FlacOptions & { path: string },
): Promise<void> {
  if (new Set(audio.map((samples) => samples.length)).size !== 1) {
    throw new Error('writeFlac() takes channels of equal length.');
  }
  const bits = audio.some(isLoud) ? 24 : 16;
  const { end, stderrLines } = await ffmpeg.writeFlac(
    path,
    { sampleRateHz: SAMPLE_RATE_HZ, bits },
    { signal, patienceMs: PATIENCE_MS, input: toPieces(audio, bits === 16 ? toSteps : lower) },
  );
  const failure = processError('ffmpeg', end);
  if (failure !== undefined) throw failure;
  if (end.kind !== 'exited' || end.exitCode !== 0) {
    const reason = stderrLines.at(-1) ?? 'it ended without a message';
    throw new AsrError('AUDIO_DECODE_FAILED', `ffmpeg could not write ${path}: ${reason}.`);
  }
}

/** Reads what `writeFlac` wrote: one array of its own for each channel. */
export async function readFlac(
  ffmpeg: Ffmpeg,
  path: string,
  { numChannels, expectedSamples, signal }: ReadFlacOptions & { numChannels: number },
): Promise<Float32Array[]> {
  const audio = Array.from({ length: numChannels }, () => new Float32Array(expectedSamples));
  const bits = (await hasMoreThan16Bits(ffmpeg, path)) ? 24 : 16;
  const sampleBytes = bits === 16 ? Int16Array.BYTES_PER_ELEMENT : Float32Array.BYTES_PER_ELEMENT;
  const channelBytes = expectedSamples * sampleBytes;
  // Where a sample takes less room than it will, each channel comes in at the end of its own memory.
  const targets = audio.map(
    ({ buffer, byteLength }) => new Uint8Array(buffer, byteLength - channelBytes),
  );
  let bytes = 0;
  let lastLine: string | undefined;

  const running = ffmpeg.startReadFlac(
    path,
    { bits, onLine: (line) => (lastLine = line) },
    { signal, patienceMs: PATIENCE_MS },
  );
  try {
    running.patience.resume();
    for await (const piece of running.output) {
      for (let at = 0; at < piece.byteLength;) {
        const target = targets[Math.floor(bytes / channelBytes)];
        const offset = bytes % channelBytes;
        const taken = Math.min(piece.byteLength - at, channelBytes - offset);
        target?.set(piece.subarray(at, at + taken), offset);
        at += taken;
        bytes += taken;
      }
    }
    const end = await running.end;
    const failure = processError('ffmpeg', end);
    if (failure !== undefined) throw failure;
    if (end.kind === 'exited' && end.exitCode === 0 && bytes === numChannels * channelBytes) {
      audio.forEach(bits === 16 ? widen : restoreLevel);
      return audio;
    }
  } finally {
    await running.close();
  }
  const facts = await ffmpeg.readFileFacts(path);
  if (facts.kind === 'missing') {
    throw new AsrError('AUDIO_NOT_FOUND', `There is no file at ${path}.`);
  }
  const samples = bytes / sampleBytes;
  throw new AsrError(
    'AUDIO_UNREADABLE',
    `${path} holds ${samples} good samples; ${numChannels} × ${expectedSamples} were expected.`,
    { details: { samples, numChannels, expectedSamples, ffmpeg: lastLine } },
  );
}

async function hasMoreThan16Bits(ffmpeg: Ffmpeg, path: string): Promise<boolean> {
  const [high, low] = await ffmpeg.readFilePiece(path, BITS_OFFSET, 2);
  return (((high! & 1) << 4) | (low! >> 4)) + 1 > 16;
}

function isLoud(samples: Float32Array): boolean {
  for (let i = 0; i < samples.length; i++) {
    if (samples[i]! > FULL_SCALE || samples[i]! < -1) return true;
  }
  return false;
}

function toSteps(samples: Float32Array): Int16Array {
  const steps = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) steps[i] = Math.floor(samples[i]! * STEPS + 0.5);
  return steps;
}

/** Steps at the end of the channel's memory to samples in all of it; none is overwritten before it is read. */
function widen(samples: Float32Array): void {
  const steps = new Int16Array(samples.buffer, samples.byteLength / 2);
  for (let i = 0; i < samples.length; i++) samples[i] = steps[i]! / STEPS;
}

function lower(samples: Float32Array): Float32Array {
  return samples.map((sample) => sample / LOUD_SCALE);
}

function restoreLevel(samples: Float32Array): void {
  for (let i = 0; i < samples.length; i++) samples[i]! *= LOUD_SCALE;
}

function* toPieces(
  audio: readonly Float32Array[],
  convert: (samples: Float32Array) => Int16Array | Float32Array,
): Generator<Uint8Array> {
  for (const samples of audio) {
    for (let from = 0; from < samples.length; from += PIECE_SAMPLES) {
      const { buffer, byteOffset, byteLength } = convert(
        samples.subarray(from, from + PIECE_SAMPLES),
      );
      yield new Uint8Array(buffer, byteOffset, byteLength);
    }
  }
}
