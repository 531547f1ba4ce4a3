import { type CutChunk } from './cut-chunks.js';
import { AsrError } from './errors.js';
import { type UseBetterTier } from './guards/hear-guarded.js';
import { type Inference } from './inference/inference.js';
import { type ChunkResult, recognizeSegments } from './recognize-segments.js';
import { type DecodingOptions } from './recognizer.js';
import { cutSegment } from './speech/cut-segment.js';
import { type Segment } from './transcript.js';

export type RecognizeChunkOptions = {
  decoding?: DecodingOptions;
  /** For what the guards do not let pass; absent where the job does not allow it. */
  useBetterTier?: UseBetterTier | undefined;
  signal?: AbortSignal;
  /** Samples from the chunk's start before which all is recognized; never goes back, and ends at the chunk's length. */
  onProgress?: (doneSamples: number) => void;
};

/**
 * Recognises the segments of a chunk, cut from its audio; the audio stays as it is.
 * @throws AsrError `CANCELLED`, `INFERENCE_…`, `LANGUAGE_…`; `AUDIO_UNREADABLE` where the audio is not the plan's
 */
export async function recognizeChunk(
  { plan, audio }: CutChunk,
  inference: Inference,
  { decoding, useBetterTier, signal, onProgress }: RecognizeChunkOptions = {},
): Promise<ChunkResult> {
  const { startSamples, endSamples, segments } = plan;
  const length = endSamples - startSamples;
  const channelCount = Math.max(...segments.map(({ channel }) => channel)) + 1;
  if (audio.length < channelCount || audio.some((samples) => samples.length !== length)) {
    throw new AsrError('AUDIO_UNREADABLE', `The audio of chunk ${plan.index} is not its plan's.`, {
      details: { expectedSamples: length, samples: audio.map((samples) => samples.length) },
    });
  }
  const inHand = new Set<Segment>(segments.map(({ segment }) => segment));
  return recognizeSegments(
    () =>
      segments.map(({ channel, segment }) => ({
        channel,
        segment,
        cutSamples: () =>
          cutSegment(segment, {
            readSamples: (from, until) =>
              audio[channel]!.slice(from - startSamples, until - startSamples),
          }),
      })),
    inference,
    {
      ...(decoding && { decoding }),
      useBetterTier,
      signal,
      onRecognized: ({ segment }) => {
        inHand.delete(segment);
        const starts = [...inHand].map((other) => other.startSamples - startSamples);
        onProgress?.(Math.min(length, ...starts));
      },
    },
  );
}
