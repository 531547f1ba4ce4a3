// One track of a recording as blocks of samples on the recording's clock, pulled by whoever
// consumes them.

import { AsrError, cancelled } from '../errors.js';
import { SAMPLE_RATE_HZ } from '../transcript.js';
import { parseClockMessage, type ChannelChoice } from './audio-filters.js';
import {
  judgeDamage,
  judgeSilence,
  parseTrouble,
  type Damage,
  type DecodeEvidence,
} from './damage.js';
import { type RunningProcess } from './ffmpeg.js';
import { PcmBlocks } from './pcm.js';
import { type AudioTrack, type RecordingInfo } from './probe-audio.js';
import { processError } from './process-error.js';

/** ffmpeg tells times in these from the track's own start, in all others from the recording's. */
const RESTARTING_CONTAINERS: readonly string[] = [
  ...['dhav', 'live_flv', 'mpeg', 'mpegts', 'nsv', 'ogg', 'ty'],
];

/** These say of no packet where it lies: ffmpeg counts, and what is lost is not counted. */
const COUNTING_CONTAINERS: readonly string[] = [
  ...['aac', 'ac3', 'amr', 'avi', 'dts', 'eac3', 'loas', 'mlp', 'mp3', 'truehd'],
];

export type DecodeOutcome = {
  /** Samples per channel. */
  samples: number;
  /** Present where the recording holds less than it should: what came is good up to there. */
  damage?: Damage;
};

/**
 * A recording that is open. Nothing runs before `blocks()` is pulled, and nothing once it has
 * ended.
 */
export type OpenedAudio = {
  info: RecordingInfo;
  track: AudioTrack;
  /** 1 when mixed. */
  channelCount: number;
  /**
   * 16 kHz samples, one array per channel and block, owned by the caller; the last block is
   * shorter. Can be iterated once. ffmpeg waits while the consumer does, and is killed when the
   * consumer leaves the loop.
   */
  blocks: () => AsyncGenerator<Float32Array[], void, undefined>;
  /** How it went; to be asked after the last block. */
  outcome: () => DecodeOutcome;
  /** Ends the decode, wherever it is. Idempotent. */
  close: () => Promise<void>;
};

export type DecodeOptions = {
  channels: ChannelChoice;
  blockSamples: number;
  maxDurationSeconds: number;
  /** What each second of sound that came adds to the patience with the decode, in ms. */
  patienceMsPerSecond: number;
  signal?: AbortSignal | undefined;
};

type Source = {
  info: RecordingInfo;
  track: AudioTrack;
  /** Starts what yields the track's samples, interleaved; `onLine` gets ffmpeg's messages. */
  start: (onLine: (line: string) => void) => RunningProcess;
};

export function decodeAudio({ info, track, start }: Source, options: DecodeOptions): OpenedAudio {
  const channelCount = options.channels === 'mix' ? 1 : track.channels;
  const pcm = new PcmBlocks(channelCount, options.blockSamples);
  const trouble: Pick<DecodeEvidence, 'openingTrouble' | 'firstTrouble' | 'fileEndsEarly'> = {
    openingTrouble: undefined,
    firstTrouble: undefined,
    fileEndsEarly: info.breaksOff,
  };
  let isStarted = false;
  let process: RunningProcess | undefined;
  let outcome: DecodeOutcome | undefined;

  let startSeconds: number | undefined;
  const readMessage = (line: string): void => {
    const clock = parseClockMessage(line);
    if (clock?.kind === 'start') startSeconds ??= clock.seconds;
    const found = parseTrouble(line, track.streamIndex);
    if (found === undefined) return;
    // The last read of an open-ended file is always a short one.
    if (found.kind.startsWith('packet') && info.lengthIsOpen) return;
    // ffmpeg looks ahead before it decodes; what is broken is reported again when its time comes.
    if (found.kind === 'packet-ahead' && pcm.samples === 0) return;
    if (found.kind === 'resync' && startSeconds === undefined) trouble.openingTrouble ??= found;
    else trouble.firstTrouble ??= { ...found, atSamples: pcm.samples };
    trouble.fileEndsEarly ||= found.kind === 'file-end';
  };

  /** Silence up to the track's first sample, then what ffmpeg decodes. */
  async function* fillBlocks(
    running: RunningProcess,
  ): AsyncGenerator<Float32Array[], void, undefined> {
    let isPlaced = false;
    for await (const piece of running.output) {
      if (!isPlaced) {
        isPlaced = true;
        await running.catchUp();
        yield* pcm.pushSilence(leadSamples({ info, track }, startSeconds));
      }
      yield* pcm.push(piece);
    }
  }

  async function* blocks(): AsyncGenerator<Float32Array[], void, undefined> {
    if (isStarted) throw new Error('blocks() can be iterated once.');
    isStarted = true;
    process = start(readMessage);
    try {
      process.patience.resume();
      for await (const block of fillBlocks(process)) {
        requireNotTooLong(pcm.samples, options.maxDurationSeconds);
        process.patience.pause();
        yield block;
        if (options.signal?.aborted) throw cancelled();
        process.patience.extend((block[0]!.length / SAMPLE_RATE_HZ) * options.patienceMsPerSecond);
        process.patience.resume();
      }
      const end = await process.end;
      const failure = processError('ffmpeg', end);
      if (failure !== undefined) throw failure;

      const { samples } = pcm;
      requireNotTooLong(samples, options.maxDurationSeconds);
      const evidence: DecodeEvidence = {
        ...trouble,
        samples,
        keepsTime: !COUNTING_CONTAINERS.includes(info.container),
        expectedSamples: track.endSeconds && track.endSeconds * SAMPLE_RATE_HZ,
        exitedWell: end.kind === 'exited' && end.exitCode === 0,
      };
      if (samples === 0) throw judgeSilence(evidence);
      const lastBlock = pcm.flush();
      if (lastBlock !== undefined) yield lastBlock;
      const damage = judgeDamage(evidence);
      outcome = { samples, ...(damage !== undefined && { damage }) };
    } finally {
      await process.close();
    }
  }

  return {
    info,
    track,
    channelCount,
    blocks,
    outcome: () => {
      if (outcome === undefined) throw new Error('outcome() is known after the last block.');
      return outcome;
    },
    close: async () => {
      isStarted = true;
      await process?.close();
    },
  };
}

/** Samples before the first one that ffmpeg gives; `startSeconds` is when it says that one is. */
function leadSamples(
  { info, track }: Pick<Source, 'info' | 'track'>,
  startSeconds: number | undefined,
): number {
  const lead = RESTARTING_CONTAINERS.includes(info.container)
    ? track.startSeconds + (startSeconds ?? 0)
    : (startSeconds ?? track.startSeconds);
  return Math.max(0, Math.round(lead * SAMPLE_RATE_HZ));
}

function requireNotTooLong(samples: number, maxDurationSeconds: number): void {
  if (samples > maxDurationSeconds * SAMPLE_RATE_HZ) throw tooLong(maxDurationSeconds);
}

export function tooLong(maxDurationSeconds: number): AsrError {
  return new AsrError(
    'AUDIO_TOO_LONG',
    `The recording is longer than the limit of ${maxDurationSeconds} s.`,
    { details: { maxDurationSeconds } },
  );
}
