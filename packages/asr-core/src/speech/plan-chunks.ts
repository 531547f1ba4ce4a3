// Groups the segments of all channels to chunks: what one host recognises at a time.

import { SAMPLE_RATE_HZ, type Segment } from '../transcript.js';

/** The audio of a chunk is kept under so many seconds, all channels together. */
const MAX_CHANNEL_SECONDS = 600;
/** However many channels there are, and wherever it lies, a chunk is allowed to be this long. */
const MIN_CHUNK_SECONDS = 60;
/** A chunk takes no more than this share of what remains of its recording: the hosts that share it end together. */
const MAX_SHARE_OF_REST = 1 / 8;

/** Segments that are recognised together, and the audio they need. JSON; positions on the recording's clock. */
export type ChunkPlan = {
  /** Place among the chunks of its recording, from 0. */
  index: number;
  /** `[startSamples, endSamples)`: from the first segment's audio to the last one's. */
  startSamples: number;
  endSamples: number;
  /** In the order of their audio; those of one channel are in order. */
  segments: { channel: number; segment: Segment }[];
};

/** Groups segments while they are still being found; the result is that of knowing all at once. */
export interface ChunkPlanner {
  /**
   * Takes the new segments of each channel and where its later ones may begin (Infinity: there are none); returns the
   * chunks that are now complete.
   */
  plan(channels: readonly NewSegments[]): ChunkPlan[];
  /** Audio before this is in no later chunk. */
  readonly neededFromSamples: number;
}

export type NewSegments = { segments: readonly Segment[]; settledUntilSamples: number };

export type ChunkLengths = {
  /** Longest chunk. */
  chunkSeconds: number;
  /** Of the recording, to cut it more finely at both ends. @defaultValue chunks of one length */
  durationSeconds?: number | undefined;
};

/** Length of a recording's chunks: as asked for, or less where many channels would make them too large. */
export function limitChunkSeconds(chunkSeconds: number, numChannels: number): number {
  return Math.min(chunkSeconds, Math.max(MIN_CHUNK_SECONDS, MAX_CHANNEL_SECONDS / numChannels));
}

/**
 * How long a chunk may be that starts there. The first ones are short, so that all hosts begin soon: each as long as
 * what lies before it. The last ones are short, so that none is waited for. What a recording has beyond its duration is
 * cut as if that were not known.
 */
export function planChunkSeconds(
  startSeconds: number,
  { chunkSeconds, durationSeconds }: ChunkLengths,
): number {
  if (durationSeconds === undefined || startSeconds >= durationSeconds) return chunkSeconds;
  const rest = durationSeconds - startSeconds;
  const wanted = Math.min(startSeconds, rest * MAX_SHARE_OF_REST);
  return Math.min(chunkSeconds, Math.max(MIN_CHUNK_SECONDS, wanted));
}

/** No chunk is longer than `planChunkSeconds` says, unless a single segment is. */
export function createChunkPlanner(lengths: ChunkLengths): ChunkPlanner {
  /** Of each channel, segments that others may still come before. */
  let waiting: Segment[][] = [];
  let open: ChunkPlan | undefined;
  /** Where the open chunk ends at the latest. */
  let limitSamples = 0;
  let numChunks = 0;
  let neededFrom = 0;

  const add = (channel: number, segment: Segment): ChunkPlan | undefined => {
    if (open && segment.audioEndSamples <= limitSamples) {
      open.segments.push({ channel, segment });
      open.endSamples = Math.max(open.endSamples, segment.audioEndSamples);
      return undefined;
    }
    const complete = open;
    const startSamples = segment.audioStartSamples;
    const seconds = planChunkSeconds(startSamples / SAMPLE_RATE_HZ, lengths);
    limitSamples = startSamples + Math.floor(seconds * SAMPLE_RATE_HZ);
    open = {
      index: numChunks++,
      startSamples,
      endSamples: segment.audioEndSamples,
      segments: [{ channel, segment }],
    };
    return complete;
  };

  return {
    plan(channels) {
      waiting = channels.map(({ segments }, index) => [...(waiting[index] ?? []), ...segments]);
      /** Where the next segment of each channel begins, or at least may begin. */
      const nextStart = (channel: number) =>
        waiting[channel]![0]?.audioStartSamples ?? channels[channel]!.settledUntilSamples;
      const chunks: ChunkPlan[] = [];
      let frontier: number;
      for (;;) {
        const starts = channels.map((_, channel) => nextStart(channel));
        frontier = Math.min(...starts);
        const channel = starts.indexOf(frontier);
        // The first channel that begins there; if it has nothing yet, something may still come.
        const segment = waiting[channel]?.shift();
        if (!segment) break;
        const complete = add(channel, segment);
        if (complete) chunks.push(complete);
      }
      // Silence, too, ends a chunk: what comes later cannot fit any more.
      if (open && frontier >= limitSamples) {
        chunks.push(open);
        open = undefined;
      }
      neededFrom = Math.min(open?.startSamples ?? Infinity, frontier);
      return chunks;
    },
    get neededFromSamples() {
      return neededFrom;
    },
  };
}
