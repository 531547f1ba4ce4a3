// The way in: a recording's path to its description, or to its samples; and a way to keep samples for later.

import { AsrError, cancelled } from '../errors.js';
import { audioFilters, type ChannelChoice } from './audio-filters.js';
import { chooseTrack } from './choose-track.js';
import { decodeAudio, tooLong, type OpenedAudio } from './decode-audio.js';
import { parseAllowedDemuxers } from './demuxers.js';
import { createFfmpeg, type RunOptions } from './ffmpeg.js';
import { readFlac, writeFlac, type FlacOptions, type ReadFlacOptions } from './flac.js';
import { parsePlainWav, PLAIN_WAV_HEAD_BYTES, startReadWav, type PlainWav } from './plain-wav.js';
import {
  describeRecording,
  measureFile,
  probeAudio,
  type AudioTrack,
  type RecordingInfo,
} from './probe-audio.js';
import { processError } from './process-error.js';

/** Time for ffprobe, and for ffmpeg to list what it knows. */
const PROBE_PATIENCE_MS = 60_000;

export type AudioDecoderOptions = {
  /** Name or path. @defaultValue `'ffmpeg'` */
  ffmpegPath?: string;
  /** Name or path. @defaultValue `'ffprobe'` */
  ffprobePath?: string;
};

export type AudioLimits = {
  /** @defaultValue 64 GiB */
  maxBytes?: number;
  /** @defaultValue 24 hours */
  maxDurationSeconds?: number;
  /**
   * How long ffmpeg may let us wait in all, in ms; time that the consumer takes does not count.
   * @defaultValue 120 000
   */
  patienceMs?: number;
  /** What each second of sound that came adds to it, in ms. @defaultValue 250 */
  patienceMsPerSecond?: number;
};

export type ProbeAudioOptions = { limits?: AudioLimits; signal?: AbortSignal };

export type OpenAudioOptions = {
  /**
   * Place among the audio tracks (0 = first) or language (BCP 47, ISO 639). @defaultValue the
   * container's default
   */
  track?: number | string;
  /** One channel, mixed from all, or each on its own. @defaultValue `'mix'` */
  channels?: ChannelChoice;
  /**
   * Length of a block. @defaultValue 163 840 (10.24 s, a whole number of the detector's windows of
   * 512)
   */
  blockSamples?: number;
  limits?: AudioLimits;
  /** Aborting kills what runs; whoever waits gets `CANCELLED`. */
  signal?: AbortSignal;
};

export type AudioDecoder = {
  /** What the recording is. Throws the coded error of whatever cannot be transcribed at all. */
  probeAudio: (path: string, options?: ProbeAudioOptions) => Promise<RecordingInfo>;
  /**
   * Probes it, chooses the track and checks the limits; the sound is decoded as `blocks()` is
   * pulled.
   */
  openAudio: (path: string, options?: OpenAudioOptions) => Promise<OpenedAudio>;
  /**
   * Keeps samples (16 kHz, channels of equal length, to −255…255) as FLAC in steps of 16 bits: what
   * `cutChunks` yields comes back exactly. The same samples give the same bytes; a file that is
   * there is replaced. Throws `CANCELLED`, `AUDIO_DECODE_…`, `FFMPEG_MISSING`.
   */
  writeFlac: (audio: readonly Float32Array[], path: string, options?: FlacOptions) => Promise<void>;
  /**
   * Reads what `writeFlac` wrote, as so many channels. Throws `AUDIO_NOT_FOUND`; `AUDIO_UNREADABLE`
   * where it is damaged or not of the expected length; and as above.
   */
  readFlac: (
    path: string,
    numChannels: number,
    options: ReadFlacOptions,
  ) => Promise<Float32Array[]>;
};

/**
 * Decodes every container that ffmpeg reads; plain WAV of 16 kHz without starting it. Holds nothing
 * that needs closing.
 */
export function createAudioDecoder({
  ffmpegPath = 'ffmpeg',
  ffprobePath = 'ffprobe',
}: AudioDecoderOptions = {}): AudioDecoder {
  const ffmpeg = createFfmpeg({ ffmpegPath, ffprobePath });
  let demuxers: readonly string[] | undefined;

  const listDemuxers = async (signal: AbortSignal | undefined): Promise<readonly string[]> => {
    if (demuxers !== undefined) return demuxers;
    const { end, stdout } = await ffmpeg.listDemuxers({ signal, patienceMs: PROBE_PATIENCE_MS });
    const failure = processError('ffmpeg', end);
    if (failure !== undefined) throw failure;
    const allowed = parseAllowedDemuxers(stdout);
    if (allowed.length === 0) {
      throw new AsrError('FFMPEG_MISSING', `${ffmpegPath} is no ffmpeg: it lists no demuxers.`);
    }
    demuxers = allowed;
    return allowed;
  };

  const probe = async (
    path: string,
    { limits, signal }: ProbeAudioOptions,
  ): Promise<{ info: RecordingInfo; wav?: PlainWav }> => {
    const bytes = await measureFile(ffmpeg, path, limits?.maxBytes ?? 64 * 1024 ** 3);
    const wav = parsePlainWav(await ffmpeg.readFilePiece(path, 0, PLAIN_WAV_HEAD_BYTES), bytes);
    if (signal?.aborted) throw cancelled();
    if (wav !== undefined) {
      const evidence = { bytes, stderrLines: [], wavLength: wav.length };
      return { wav, info: describeRecording(wav.probe, evidence) };
    }
    const demuxers = await listDemuxers(signal);
    const options = { bytes, demuxers, patienceMs: PROBE_PATIENCE_MS, signal };
    return { info: await probeAudio(ffmpeg, path, options) };
  };

  return {
    probeAudio: async (path, options = {}) => (await probe(path, options)).info,

    openAudio: async (path, options = {}) => {
      const { channels = 'mix', limits = {}, signal } = options;
      const { info, wav } = await probe(path, options);
      const track = chooseTrack(info.tracks, options.track);
      const { maxDurationSeconds = 24 * 3600 } = limits;
      requireReadable(info, track, maxDurationSeconds);
      const run: RunOptions = { signal, patienceMs: limits.patienceMs ?? 120_000 };
      const demuxers = wav === undefined ? await listDemuxers(signal) : [];
      const { streamIndex } = track;
      const filters = audioFilters(track, channels);
      const start = (onLine: (line: string) => void) =>
        wav === undefined
          ? ffmpeg.startDecode(path, { demuxers, streamIndex, filters, onLine }, run)
          : startReadWav(ffmpeg, { path, wav, channels }, run);
      return decodeAudio(
        { info, track, start },
        {
          channels,
          blockSamples: options.blockSamples ?? 163_840,
          maxDurationSeconds,
          patienceMsPerSecond: limits.patienceMsPerSecond ?? 250,
          signal,
        },
      );
    },

    writeFlac: (audio, path, options) => writeFlac(ffmpeg, audio, { path, ...options }),
    readFlac: (path, numChannels, options) => readFlac(ffmpeg, path, { numChannels, ...options }),
  };
}

/** What can be refused before anything is decoded. */
function requireReadable(info: RecordingInfo, track: AudioTrack, maxDurationSeconds: number): void {
  if (track.isEncrypted) {
    throw new AsrError(
      'AUDIO_ENCRYPTED',
      'The audio track is encrypted (DRM). Get a copy without protection.',
      { details: { track: track.index, codec: track.codec } },
    );
  }
  if (track.channels < 1 || track.sampleRateHz <= 0) {
    throw new AsrError(
      'AUDIO_UNREADABLE',
      `The audio track (${track.codec}) is damaged, or of a kind that this ffmpeg does not know.`,
    );
  }
  const knownSeconds =
    track.endSeconds ?? (info.durationIsEstimate ? undefined : info.durationSeconds);
  if (knownSeconds !== undefined && knownSeconds > maxDurationSeconds) {
    throw tooLong(maxDurationSeconds);
  }
}
