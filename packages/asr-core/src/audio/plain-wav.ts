// Plain WAV is read here, sample for sample as ffmpeg would: starting that costs far more than a
// short recording is worth. Plain is a complete file of 16 kHz PCM in one or two channels, as most
// programs write it; all else, damage included, is left to ffmpeg.

import { SAMPLE_RATE_HZ } from '../transcript.js';
import { type ChannelChoice } from './audio-filters.js';
import { type Ffmpeg, type RunningProcess, type RunOptions } from './ffmpeg.js';
import { createPatience } from './patience.js';
import { type Probe } from './probe-audio.js';
import { listWavChunks, parseWavLength, type WavLength } from './wav.js';

/** As much of a file as `parsePlainWav` needs to see. */
export const PLAIN_WAV_HEAD_BYTES = 4096;

const PIECE_FRAMES = 32_768;

/** Chunks before the samples that say nothing about them. */
const SKIPPED_CHUNKS: readonly string[] = ['FLLR', 'JUNK', 'LIST', 'PEAK', 'fact'];

const EXTENSIBLE_TAG = 0xfffe;
/** What follows the format tag in the GUID of an extensible format. */
const GUID_TAIL = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
/** ffmpeg's names of the usual masks of loudspeakers, by number of channels and mask. */
const LAYOUTS: Readonly<Record<string, string>> = { '1:4': 'mono', '2:3': 'stereo' };

/** By which ffmpeg mixes left and right into float samples. */
const MIX_GAIN = 0.5;

type Encoding = {
  codec: string;
  bytes: number;
  readSample: (view: DataView, at: number) => number;
};

/** By format tag and bits. */
const ENCODINGS: Readonly<Record<string, Encoding>> = {
  '1:8': { codec: 'pcm_u8', bytes: 1, readSample: (view, at) => view.getUint8(at) / 2 ** 7 - 1 },
  '1:16': {
    codec: 'pcm_s16le',
    bytes: 2,
    readSample: (view, at) => view.getInt16(at, true) / 2 ** 15,
  },
  '1:24': {
    codec: 'pcm_s24le',
    bytes: 3,
    readSample: (view, at) => (view.getInt16(at + 1, true) * 256 + view.getUint8(at)) / 2 ** 23,
  },
  '1:32': {
    codec: 'pcm_s32le',
    bytes: 4,
    readSample: (view, at) => view.getInt32(at, true) / 2 ** 31,
  },
  '3:32': { codec: 'pcm_f32le', bytes: 4, readSample: (view, at) => view.getFloat32(at, true) },
};

type Format = { encoding: Encoding; channels: number; channelLayout: string | undefined };

export type PlainWav = Format & {
  /** What ffprobe would say of it. */
  probe: Probe;
  length: WavLength;
  /** Where the samples lie in the file: from here, and before there. */
  dataStart: number;
  dataEnd: number;
};

/** Undefined where ffmpeg has to look at the file. `head` is its start. */
export function parsePlainWav(head: Uint8Array, fileBytes: number): PlainWav | undefined {
  const length = parseWavLength(head);
  if (length?.kind !== 'promised' || head[3] !== 'RIFF'.charCodeAt(3)) return undefined;
  let format: Format | undefined;
  for (const { tag, start, size } of listWavChunks(head)) {
    if (tag === 'data') {
      const dataEnd = start + size;
      const isComplete = dataEnd <= fileBytes && fileBytes <= dataEnd + (size % 2);
      if (format === undefined || !isComplete || size % frameBytes(format) !== 0) return undefined;
      const probe = describe(format, size / frameBytes(format));
      return { ...format, probe, length, dataStart: start, dataEnd };
    }
    if (tag === 'fmt ' && format === undefined) {
      format = parseFormat(head.subarray(start, start + size));
      if (format === undefined) return undefined;
    } else if (size < 4 || !SKIPPED_CHUNKS.includes(tag)) {
      return undefined;
    }
  }
  return undefined;
}

/** Stands in for the ffmpeg that decodes: ends as that would, and can be stopped like it. */
export function startReadWav(
  ffmpeg: Pick<Ffmpeg, 'readFilePiece'>,
  { path, wav, channels }: { path: string; wav: PlainWav; channels: ChannelChoice },
  { signal, patienceMs }: RunOptions,
): RunningProcess {
  let at = wav.dataStart;
  let reason: 'cancelled' | 'timed-out' | undefined;
  const patience = createPatience(patienceMs, () => (reason ??= 'timed-out'));

  async function* readOutput(): AsyncGenerator<Uint8Array, void, undefined> {
    const step = frameBytes(wav);
    while (at < wav.dataEnd) {
      const maxBytes = Math.min(PIECE_FRAMES * step, wav.dataEnd - at);
      const piece = await ffmpeg.readFilePiece(path, at, maxBytes);
      if (signal?.aborted) reason ??= 'cancelled';
      const frames = Math.floor(piece.byteLength / step);
      if (reason !== undefined || frames === 0) break;
      at += frames * step;
      const samples = toSamples(piece.subarray(0, frames * step), wav.encoding);
      yield new Uint8Array((channels === 'mix' ? mix(samples, wav) : samples).buffer);
    }
    patience.end();
  }

  return {
    output: readOutput(),
    catchUp: () => Promise.resolve(),
    patience,
    get end() {
      const exitCode = at < wav.dataEnd ? 1 : 0;
      return Promise.resolve(reason ? { kind: reason } : { kind: 'exited' as const, exitCode });
    },
    close: () => {
      reason ??= 'cancelled';
      patience.end();
      return Promise.resolve();
    },
  };
}

function parseFormat(content: Uint8Array): Format | undefined {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const u16 = (at: number): number => view.getUint16(at, true);
  const u32 = (at: number): number => view.getUint32(at, true);
  if (![16, 18, 40].includes(content.byteLength)) return undefined;
  const isExtensible = content.byteLength === 40;
  const [channels, bits] = [u16(2), u16(14)];
  const encoding = ENCODINGS[`${u16(isExtensible ? 24 : 0)}:${bits}`];
  if (encoding === undefined || (channels !== 1 && channels !== 2)) return undefined;

  const mask = isExtensible ? u32(20) : 0;
  const format = { encoding, channels, channelLayout: LAYOUTS[`${channels}:${mask}`] };
  const isUsual =
    u32(4) === SAMPLE_RATE_HZ &&
    u16(12) === frameBytes(format) &&
    (mask === 0 || format.channelLayout !== undefined);
  const isUsualExtension =
    u16(0) === EXTENSIBLE_TAG &&
    u16(18) === bits &&
    GUID_TAIL.every((byte, i) => content[26 + i] === byte);
  return isUsual && (!isExtensible || isUsualExtension) ? format : undefined;
}

function describe({ encoding, channels, channelLayout }: Format, frames: number): Probe {
  // ffprobe counts in microseconds.
  const duration = Math.round((frames * 1e6) / SAMPLE_RATE_HZ) / 1e6;
  const layout = channelLayout === undefined ? {} : { channel_layout: channelLayout };
  const stream = { index: 0, codec_name: encoding.codec, sample_rate: SAMPLE_RATE_HZ, channels };
  return {
    format: { format_name: 'wav', probe_score: 99, duration },
    packets: [],
    streams: [{ ...stream, ...layout, disposition: {}, tags: {} }],
  };
}

function frameBytes({ encoding, channels }: Pick<Format, 'encoding' | 'channels'>): number {
  return channels * encoding.bytes;
}

function toSamples(bytes: Uint8Array, { readSample, bytes: step }: Encoding): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(bytes.byteLength / step);
  for (let i = 0, at = 0; i < samples.length; i++, at += step) samples[i] = readSample(view, at);
  return samples;
}

/** Each step rounded as ffmpeg's arithmetic in 32 bits does. */
function mix(samples: Float32Array, { channels }: Format): Float32Array {
  if (channels === 1) return samples;
  const mixed = new Float32Array(samples.length / 2);
  for (let i = 0; i < mixed.length; i++) {
    mixed[i] =
      Math.fround(samples[2 * i]! * MIX_GAIN) + Math.fround(samples[2 * i + 1]! * MIX_GAIN);
  }
  return mixed;
}
