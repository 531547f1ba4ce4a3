// A recording's audio to words: blocks → speech → segments → lanes → words on one clock. Memory is bounded by what the
// lanes have in hand, not by the length of the recording.

import { clipToSpeech } from './align/clip-to-speech.js';
import { type HeardSegment, stitchSegments } from './align/stitch-segments.js';
import { computeWords } from './align/words.js';
import { AsrError, cancelled } from './errors.js';
import { type Inference } from './inference/inference.js';
import { type SpeechOptions, type SpeechRegion } from './speech/find-speech.js';
import { repairSamples } from './speech/repair-samples.js';
import { type SegmentLimits } from './speech/plan-segments.js';
import { type CutSegment, createSegmenter } from './speech/segmenter.js';
import { createVadState } from './speech/silero-vad.js';
import { type Segment, type Word } from './transcript.js';

/** Speech of at least this length in which a model finds no word is reported (2 s). */
const SILENT_SPEECH_SAMPLES = 32_000;

export type TranscribeOptions = {
  /** BCP 47 code, where the caller knows it. */
  language?: string;
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

export type ChannelTranscript = {
  words: Word[];
  speech: SpeechRegion[];
  segments: Segment[];
  /** Segments with speech in which the model found no word. */
  silentSegments: Segment[];
};

export type AudioTranscript = {
  channels: ChannelTranscript[];
  durationSamples: number;
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
  const { signal } = options;
  const limits = {
    ...options.segments,
    maxSegmentSeconds: inference.capabilities.maxSegmentSeconds,
  };
  const channels: Channel[] = [];
  // Ends everything in hand when one part fails.
  const failure = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  let heardSamples = 0;

  const report = () =>
    options.onProgress?.({
      doneSamples: Math.min(
        heardSamples,
        ...channels.flatMap(({ segmenter, inHand }) => [
          segmenter.settledUntilSamples,
          ...[...inHand].map((segment) => segment.startSamples),
        ]),
      ),
      words: channels.reduce((sum, { numWords }) => sum + numWords, 0),
    });
  const dispatch = async (channel: Channel, cuts: readonly CutSegment[]) => {
    cuts.forEach(({ segment }) => channel.inHand.add(segment));
    for (const { segment, samples } of cuts) {
      // Given away with the audio, so told before.
      const { length } = samples;
      await inference.budget.reserve(length, stop);
      const heard = recognizeSegment(segment, samples, { inference, options, signal: stop })
        .then((result) => {
          channel.numWords += result.words.length;
          channel.inHand.delete(segment);
          report();
          return result;
        })
        .finally(() => inference.budget.release(length));
      // A failure is thrown where all results are awaited; it also stops the rest at once.
      heard.catch(() => failure.abort());
      channel.heard.push(heard);
    }
  };

  try {
    for await (const block of blocks) {
      if (stop.aborted) break;
      while (channels.length < block.length) channels.push(createChannel(limits, options.speech));
      block.forEach(repairSamples);
      const streams = block.map((samples, index) => ({
        // A copy: the lane gets it for good, and the segmenter keeps the block.
        samples: samples.slice(),
        state: channels[index]!.vadState,
      }));
      const judged = await inference.detectSpeech(streams, stop);
      heardSamples += block[0]?.length ?? 0;
      for (const [index, { probabilities, state }] of judged.entries()) {
        const channel = channels[index]!;
        channel.vadState = state;
        await dispatch(channel, channel.segmenter.push(block[index]!, probabilities));
      }
      report();
    }
    for (const channel of channels) await dispatch(channel, channel.segmenter.finish());
    if (signal?.aborted) throw cancelled();
    const transcripts = [];
    for (const channel of channels) transcripts.push(await finishChannel(channel));
    return { channels: transcripts, durationSamples: heardSamples };
  } catch (error) {
    failure.abort();
    const outcomes = await Promise.allSettled(channels.flatMap(({ heard }) => heard));
    if (signal?.aborted) throw cancelled();
    throw findCause(outcomes) ?? error;
  }
}

type Channel = ReturnType<typeof createChannel>;

function createChannel(limits: SegmentLimits, speech: SpeechOptions | undefined) {
  return {
    segmenter: createSegmenter({ limits, speech }),
    vadState: createVadState(),
    heard: [] as Promise<HeardSegment>[],
    inHand: new Set<Segment>(),
    numWords: 0,
  };
}

async function recognizeSegment(
  segment: Segment,
  samples: Float32Array,
  context: { inference: Inference; options: TranscribeOptions; signal: AbortSignal },
): Promise<HeardSegment> {
  const { language } = context.options;
  const { pieces, samplesPerFrame } = await context.inference.recognize({
    samples,
    signal: context.signal,
    ...(language !== undefined && { language }),
  });
  const words = computeWords(pieces, {
    startSamples: segment.audioStartSamples,
    endSamples: segment.audioEndSamples,
    samplesPerFrame,
  });
  return { segment, words };
}

async function finishChannel({ heard, segmenter }: Channel): Promise<ChannelTranscript> {
  const segments = await Promise.all(heard);
  const isSilent = ({ segment, words }: HeardSegment) =>
    words.length === 0 && countSpeech(segmenter.speech, segment) >= SILENT_SPEECH_SAMPLES;
  return {
    words: clipToSpeech(stitchSegments(segments), segmenter.speech),
    speech: [...segmenter.speech],
    segments: segments.map(({ segment }) => segment),
    silentSegments: segments.filter(isSilent).map(({ segment }) => segment),
  };
}

/** Samples of detected speech inside a segment. */
function countSpeech(speech: readonly SpeechRegion[], segment: Segment): number {
  return speech.reduce((sum, region) => {
    const start = Math.max(region.startSamples, segment.startSamples);
    const end = Math.min(region.endSamples, segment.endSamples);
    return sum + Math.max(0, end - start);
  }, 0);
}

/** The failure behind a stop: others merely report that they were cancelled. */
function findCause(outcomes: readonly PromiseSettledResult<unknown>[]): unknown {
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  return reasons.find((reason) => !(reason instanceof AsrError && reason.code === 'CANCELLED'));
}
