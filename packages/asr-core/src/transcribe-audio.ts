// A recording's audio to words: blocks → speech → segments → lanes → words on one clock. Memory is bounded by what the
// lanes have in hand, not by the length of the recording.

import { type UseBetterTier } from './guards/hear-guarded.js';
import { type Inference } from './inference/inference.js';
import { type AudioTranscript, joinChunks } from './join-chunks.js';
import { type LevelSums } from './quality/measure-levels.js';
import { type SegmentSource, recognizeSegments } from './recognize-segments.js';
import { type DecodingOptions } from './recognizer.js';
import { cutSegment } from './speech/cut-segment.js';
import { findSegments } from './speech/find-segments.js';
import { type SpeechOptions } from './speech/find-speech.js';
import { type SegmentLimits } from './speech/plan-segments.js';
import { type Segmenter } from './speech/segmenter.js';
import { type Segment } from './transcript.js';

export type TranscribeOptions = {
  decoding?: DecodingOptions;
  /** For what the guards do not let pass; absent where the job does not allow it. */
  useBetterTier?: UseBetterTier | undefined;
  speech?: SpeechOptions;
  /** Overrides how segments are planned; the length limit is the model's. */
  segments?: Omit<SegmentLimits, 'maxSegmentSeconds'>;
  signal?: AbortSignal;
  onProgress?: (progress: TranscribeProgress) => void;
};

export type TranscribeProgress = {
  /** Before this all audio is heard and all speech recognized: position on the recording's clock; never goes back. */
  doneSamples: number;
  /** Words recognised so far. */
  words: number;
};

/**
 * Transcribes audio that arrives in blocks, one array of equal length for each channel (mono, −1…1, 16 kHz; all but the
 * last block a multiple of 512 samples). Blocks are taken over: they are changed in place and kept for a while. Each
 * channel is heard on its own.
 * @throws AsrError `CANCELLED`, `INFERENCE_…`, `LANGUAGE_…`, and what the blocks throw
 */
export async function transcribeAudio(
  blocks: AsyncIterable<readonly Float32Array[]>,
  inference: Inference,
  options: TranscribeOptions = {},
): Promise<AudioTranscript> {
  const { decoding, useBetterTier, speech, segments, signal, onProgress } = options;
  const inHand = new Set<Segment>();
  let channels: readonly Segmenter[] = [];
  let levels: LevelSums[] = [];
  let heardSamples = 0;
  let settledSamples = 0;
  let words = 0;

  const report = () => {
    const starts = [...inHand].map(({ startSamples }) => startSamples);
    onProgress?.({ doneSamples: Math.min(settledSamples, ...starts), words });
  };
  async function* findSources(stop: AbortSignal): AsyncGenerator<SegmentSource, void, undefined> {
    for await (const found of findSegments(blocks, inference, { speech, segments, signal: stop })) {
      ({ channels, levels, heardSamples } = found);
      // All at once, or progress would go back.
      found.segments.flat().forEach((segment) => inHand.add(segment));
      settledSamples = Math.min(
        heardSamples,
        ...channels.map(({ settledUntilSamples }) => settledUntilSamples),
      );
      for (const [channel, segmenter] of channels.entries()) {
        for (const segment of found.segments[channel]!) {
          const cutSamples = keepCut(() => cutSegment(segment, segmenter));
          yield { channel, segment, cutSamples };
        }
      }
      for (const channel of channels) channel.dropBefore(Infinity);
      report();
    }
  }

  const result = await recognizeSegments(findSources, inference, {
    ...(decoding && { decoding }),
    useBetterTier,
    signal,
    onRecognized: (heard) => {
      words += heard.words.length;
      inHand.delete(heard.segment);
      report();
    },
  });
  return joinChunks([result], {
    durationSamples: heardSamples,
    speech: channels.map((channel) => [...channel.speech]),
    levels,
  });
}

/** Cut at the first call; later ones copy what was cut, for the recording's audio is gone by then. */
function keepCut(cut: () => Float32Array): () => Float32Array {
  let kept: Float32Array | undefined;
  return () => (kept ??= cut()).slice();
}
