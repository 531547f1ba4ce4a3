// Groups the segments of all channels to chunks: what one host recognises at a time.

import { SAMPLE_RATE_HZ, type Segment } from '../transcript.js';

/** The audio of a chunk is kept under so many seconds, all channels together. */
const MAX_CHANNEL_SECONDS = 600;
/** However many channels there are, a chunk is allowed to be this long. */
const MIN_CHUNK_SECONDS = 60;

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

/** Length of a recording's chunks: as asked for, or less where many channels would make them too large. */
export function limitChunkSeconds(chunkSeconds: number, numChannels: number): number {
  return Math.min(chunkSeconds, Math.max(MIN_CHUNK_SECONDS, MAX_CHANNEL_SECONDS / numChannels));
}

/** No chunk is longer than `chunkSeconds`, unless a single segment is. */
export function createChunkPlanner({ chunkSeconds }: { chunkSeconds: number }): ChunkPlanner {
  const maxSamples = Math.floor(chunkSeconds * SAMPLE_RATE_HZ);
  /** Of each channel, segments that others may still come before. */
  let waiting: Segment[][] = [];
  let open: ChunkPlan | undefined;
  let numChunks = 0;
  let neededFrom = 0;

  const add = (channel: number, segment: Segment): ChunkPlan | undefined => {
    if (open && segment.audioEndSamples - open.startSamples <= maxSamples) {
      open.segments.push({ channel, segment });
      open.endSamples = Math.max(open.endSamples, segment.audioEndSamples);
      return undefined;
    }
    const complete = open;
    open = {
      index: numChunks++,
      startSamples: segment.audioStartSamples,
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
      if (open && frontier - open.startSamples >= maxSamples) {
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
