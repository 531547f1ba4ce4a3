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
/** Largest sample of 16 bits. */
const FULL_SCALE = 32_767 / 32_768;
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
  const isLoud = audio.some((samples) =>
    samples.some((sample) => sample > FULL_SCALE || sample < -1),
  );
  const { end, stderrLines } = await ffmpeg.writeFlac(
    path,
    { sampleRateHz: SAMPLE_RATE_HZ, bits: isLoud ? 24 : 16 },
    { signal, patienceMs: PATIENCE_MS, input: toPieces(audio, isLoud ? LOUD_SCALE : 1) },
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
  const targets = audio.map(({ buffer }) => new Uint8Array(buffer));
  const channelBytes = expectedSamples * Float32Array.BYTES_PER_ELEMENT;
  let bytes = 0;
  let lastLine: string | undefined;

  const running = ffmpeg.startReadFlac(path, (line) => (lastLine = line), {
    signal,
    patienceMs: PATIENCE_MS,
  });
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
      if (await hasMoreThan16Bits(ffmpeg, path)) audio.forEach(restoreLevel);
      return audio;
    }
  } finally {
    await running.close();
  }
  const facts = await ffmpeg.readFileFacts(path);
  if (facts.kind === 'missing') {
    throw new AsrError('AUDIO_NOT_FOUND', `There is no file at ${path}.`);
  }
  const samples = bytes / Float32Array.BYTES_PER_ELEMENT;
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

function restoreLevel(samples: Float32Array): void {
  for (let i = 0; i < samples.length; i++) samples[i]! *= LOUD_SCALE;
}

function* toPieces(audio: readonly Float32Array[], scale: number): Generator<Uint8Array> {
  for (const samples of audio) {
    for (let from = 0; from < samples.length; from += PIECE_SAMPLES) {
      const piece = samples.subarray(from, from + PIECE_SAMPLES);
      const { buffer, byteOffset, byteLength } =
        scale === 1 ? piece : piece.map((sample) => sample / scale);
      yield new Uint8Array(buffer, byteOffset, byteLength);
    }
  }
}
