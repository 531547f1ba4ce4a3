// What a recording is, before any of it is decoded.

import { z } from 'zod';
import { AsrError } from '../errors.js';
import { AVI_HEAD_BYTES, isFinishedAvi } from './avi.js';
import { canonicalLanguage } from './choose-track.js';
import { type Ffmpeg } from './ffmpeg.js';
import { endsInsideOggPage, OGG_TAIL_BYTES } from './ogg.js';
import { processError } from './process-error.js';
import { parseWavLength, WAV_HEAD_BYTES, type WavLength } from './wav.js';

/**
 * Under this, ffprobe's recognition of a format is a coincidence of bytes or rests on the file's
 * name alone.
 */
const LOWEST_PROBE_SCORE = 12;

/**
 * Containers whose header says how long each track is. In the others the figure is an estimate or
 * the file's own end.
 */
const PROMISING_CONTAINERS: readonly string[] = [
  ...['aiff', 'ape', 'au', 'caf', 'flac', 'mov', 'mp3', 'tta', 'w64', 'wv'],
];

const ENCRYPTED_CODEC_TAGS: readonly string[] = ['enca', 'drms', 'drmi', 'aavd', 'drma'];

export type AudioTrack = {
  /** Place among the audio tracks, 0 = first. */
  index: number;
  /** Number of the stream in the container. */
  streamIndex: number;
  /** BCP 47. */
  language?: string;
  /** ffmpeg's name. */
  codec: string;
  channels: number;
  /** ffmpeg's name; absent where the container does not say which channel is which. */
  channelLayout?: string;
  sampleRateHz: number;
  isDefault: boolean;
  isEncrypted: boolean;
  /** Where the track begins on the recording's clock. */
  startSeconds: number;
  /**
   * Where the track ends on the recording's clock, if the container's header says so and can be
   * trusted.
   */
  endSeconds?: number;
};

export type RecordingInfo = {
  bytes: number;
  /** ffmpeg's name, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  container: string;
  /** Of the longest track, video included. */
  durationSeconds?: number;
  /** The duration was computed from the bit rate and may be far off. */
  durationIsEstimate: boolean;
  /**
   * The container's own time of its first picture or sound. The recording's clock is zero there.
   */
  startOffsetSeconds: number;
  /**
   * The header leaves the length open, as written by a program that could not go back to fill it
   * in.
   */
  lengthIsOpen: boolean;
  /**
   * The file ends in the middle of something (seen in Ogg; other containers show it when they are
   * decoded).
   */
  breaksOff: boolean;
  /** 0 to 100: how sure ffprobe is of the container. */
  probeScore: number;
  /** At least one. */
  tracks: AudioTrack[];
};

export type ProbeOptions = {
  bytes: number;
  demuxers: readonly string[];
  patienceMs: number;
  signal?: AbortSignal | undefined;
};

/** What is known about the file beside ffprobe's JSON. */
type FileEvidence = {
  bytes: number;
  stderrLines: readonly string[];
  wavLength?: WavLength | undefined;
  breaksOff?: boolean;
  aviIsFinished?: boolean;
};

const seconds = z.coerce.number().optional().catch(undefined);
const probeSchema = z.object({
  format: z.object({
    format_name: z.string(),
    probe_score: z.number().catch(0),
    duration: seconds,
    start_time: seconds,
  }),
  packets: z
    .array(
      z.object({
        stream_index: z.number(),
        side_data_list: z.array(z.object({ side_data_type: z.string() })).catch([]),
      }),
    )
    .catch([]),
  streams: z.array(
    z.object({
      index: z.number().int(),
      codec_name: z.string().catch('unknown'),
      codec_tag_string: z.string().optional(),
      sample_rate: z.coerce.number().catch(0),
      channels: z.number().catch(0),
      channel_layout: z.string().optional(),
      start_time: seconds,
      duration: seconds,
      disposition: z.record(z.string(), z.number()).catch({}),
      tags: z.record(z.string(), z.string()).catch({}),
    }),
  ),
});
export type Probe = z.infer<typeof probeSchema>;
type ProbeStream = Probe['streams'][number];

/**
 * Reads a recording's container and tracks; its size is known. Throws the coded error of whatever
 * cannot be a recording.
 */
export async function probeAudio(
  ffmpeg: Ffmpeg,
  path: string,
  { bytes, demuxers, patienceMs, signal }: ProbeOptions,
): Promise<RecordingInfo> {
  const { end, stdout, stderrLines } = await ffmpeg.probe(path, demuxers, { signal, patienceMs });
  const failure = processError('ffprobe', end);
  if (failure !== undefined) throw failure;
  if (end.kind !== 'exited' || end.exitCode !== 0) throw notReadable(stderrLines);

  const probe = parseProbe(stdout);
  const container = probe.format.format_name;
  const wavLength =
    container === 'wav'
      ? parseWavLength(await ffmpeg.readFilePiece(path, 0, WAV_HEAD_BYTES))
      : undefined;
  const breaksOff =
    container === 'ogg' &&
    endsInsideOggPage(
      await ffmpeg.readFilePiece(path, Math.max(0, bytes - OGG_TAIL_BYTES), OGG_TAIL_BYTES),
    );
  const aviIsFinished =
    container === 'avi' && isFinishedAvi(await ffmpeg.readFilePiece(path, 0, AVI_HEAD_BYTES));
  return describeRecording(probe, { bytes, stderrLines, wavLength, breaksOff, aviIsFinished });
}

/** ffprobe's words in ours. */
export function describeRecording(probe: Probe, file: FileEvidence): RecordingInfo {
  const { format, streams } = probe;
  if (format.probe_score < LOWEST_PROBE_SCORE) throw notReadable(file.stderrLines);
  if (streams.length === 0) {
    throw new AsrError('AUDIO_NO_STREAM', 'The file holds no audio track.', {
      details: { container: format.format_name },
    });
  }
  return {
    bytes: file.bytes,
    container: format.format_name,
    ...(format.duration !== undefined && { durationSeconds: format.duration }),
    durationIsEstimate: isEstimate(file),
    startOffsetSeconds: format.start_time ?? 0,
    lengthIsOpen: file.wavLength?.kind === 'open',
    breaksOff: file.breaksOff ?? false,
    probeScore: format.probe_score,
    tracks: streams.map((stream, index) => describeTrack(stream, { index, probe, file })),
  };
}

function describeTrack(
  stream: ProbeStream,
  { index, probe, file }: { index: number; probe: Probe; file: FileEvidence },
): AudioTrack {
  const language = canonicalLanguage(stream.tags['language'] ?? stream.tags['LANGUAGE']);
  const { start_time: offset = 0 } = probe.format;
  const startSeconds = Math.max(0, (stream.start_time ?? offset) - offset);
  const endSeconds = promisedEndSeconds(stream, {
    startSeconds,
    container: probe.format.format_name,
    file,
  });
  return {
    index,
    streamIndex: stream.index,
    ...(language !== undefined && { language }),
    codec: stream.codec_name,
    channels: stream.channels,
    ...(isNamedLayout(stream.channel_layout) && { channelLayout: stream.channel_layout }),
    sampleRateHz: stream.sample_rate,
    isDefault: stream.disposition['default'] === 1,
    isEncrypted: isEncrypted(stream, probe, file),
    startSeconds,
    ...(endSeconds !== undefined && { endSeconds }),
  };
}

function promisedEndSeconds(
  stream: ProbeStream,
  from: { startSeconds: number; container: string; file: FileEvidence },
): number | undefined {
  const { file } = from;
  if (file.wavLength?.kind === 'promised' && stream.codec_name.startsWith('pcm_')) {
    return file.wavLength.seconds;
  }
  const isPromise =
    PROMISING_CONTAINERS.includes(from.container.split(',')[0]!) || file.aviIsFinished === true;
  if (!isPromise || isEstimate(file) || stream.duration === undefined) return undefined;
  return from.startSeconds + stream.duration;
}

function isEstimate({ stderrLines }: FileEvidence): boolean {
  return stderrLines.some((line) => line.includes('Estimating duration from bitrate'));
}

/**
 * Common Encryption shows in the packets, Matroska's in a tag, the shops' own in the codec's tag,
 * Windows Media's in words.
 */
function isEncrypted(stream: ProbeStream, { packets }: Probe, file: FileEvidence): boolean {
  return (
    ENCRYPTED_CODEC_TAGS.includes(stream.codec_tag_string ?? '') ||
    stream.tags['enc_key_id'] !== undefined ||
    file.stderrLines.some((line) => line.includes('DRM protected stream')) ||
    packets.some(
      ({ stream_index, side_data_list }) =>
        stream_index === stream.index &&
        side_data_list.some(({ side_data_type }) => side_data_type === 'Encryption info'),
    )
  );
}

/** The size of a file that may be a recording. Throws the coded error of any other. */
export async function measureFile(ffmpeg: Ffmpeg, path: string, maxBytes: number): Promise<number> {
  const facts = await ffmpeg.readFileFacts(path);
  if (facts.kind === 'missing' || facts.kind === 'folder') {
    const what = facts.kind === 'folder' ? 'a folder, not a recording' : 'no such file';
    throw new AsrError('AUDIO_NOT_FOUND', `${path}: ${what}.`);
  }
  if (facts.kind === 'other') {
    throw new AsrError('AUDIO_UNREADABLE', `${path}: neither a file nor a link to one.`);
  }
  if (facts.bytes === 0) throw new AsrError('AUDIO_EMPTY', 'The recording is empty (0 bytes).');
  if (facts.bytes > maxBytes) {
    throw new AsrError(
      'AUDIO_TOO_LARGE',
      `The recording has ${facts.bytes} bytes; the limit is ${maxBytes}.`,
      { details: { bytes: facts.bytes, maxBytes } },
    );
  }
  return facts.bytes;
}

/** ffprobe's JSON, checked. Knows audio streams only. */
export function parseProbe(json: string): Probe {
  try {
    return probeSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new AsrError(
      'AUDIO_UNREADABLE',
      'ffprobe’s description of the recording makes no sense.',
      {
        cause,
      },
    );
  }
}

function notReadable(stderrLines: readonly string[]): AsrError {
  const details = { details: { ffprobe: stderrLines.slice(-3) } };
  const isGuess = stderrLines.some((line) => line.includes('detected only with low score'));
  if (!isGuess && stderrLines.some((line) => line.includes('moov atom not found'))) {
    return new AsrError(
      'AUDIO_TRUNCATED',
      'The MP4 is incomplete: its index (moov), which is written last, is missing. Get the complete file.',
      details,
    );
  }
  return new AsrError(
    'AUDIO_UNREADABLE',
    'The file is no recording that ffmpeg can read: no media file, damaged from the start, or raw samples ' +
      'without a header (wrap those in WAV).',
    details,
  );
}

function isNamedLayout(layout: string | undefined): layout is string {
  return layout !== undefined && !/unknown|channels/.test(layout);
}
