// One segment to words, guarded: text that a guard does not let pass is heard again, and what cannot be healed is flagged.
//
//     first try ──passes──▶ done
//         └─guarded─▶ at another cut ──passes──▶ done (other-cut)
//                            └─guarded─▶ in the better tier, if the job allows it ──passes──▶ done (better-tier)
//                                             └─guarded, or not to be had─▶ the least bad of all tries, flagged (kept)

import { placeWords } from '../align/place-words.js';
import { stitchSegments } from '../align/stitch-segments.js';
import { type Inference } from '../inference/inference.js';
import { type DecodingOptions, type DecodingRemark } from '../recognizer.js';
import { SAMPLE_RATE_HZ, type Segment, type Word } from '../transcript.js';
import { computeLevel } from './compute-level.js';
import { type GuardEvent, type GuardKind, type GuardOutcome } from './guard-event.js';
import { judgeSegment } from './judge-segment.js';
import { type SegmentCut, planOtherCut, splitToFit } from './plan-other-cut.js';

/** Works with the next better tier, opened when it is first needed; undefined where it cannot be had. */
export type UseBetterTier = <Value>(
  work: (inference: Inference) => Promise<Value>,
) => Promise<Value | undefined>;

export type HearGuardedOptions = {
  inference: Inference;
  useBetterTier?: UseBetterTier | undefined;
  decoding: DecodingOptions;
  signal: AbortSignal;
  /** Asked before speech without words is heard again. */
  mayRetrySilence: () => Promise<boolean>;
};

export type GuardedHearing = {
  words: Word[];
  guardEvents: GuardEvent[];
  /** Lane time of all tries. */
  computeMs: number;
};

type Hearing = { words: Word[]; remarks: DecodingRemark[]; computeMs: number };
type Try = Hearing & { guards: GuardKind[]; outcome: GuardOutcome };

/** A reader can judge text that is there, and not what is missing: nothing is worse than no words. */
const badness: Record<GuardKind, number> = {
  'draft-differs': 1,
  'non-speech': 2,
  repetition: 2,
  overrun: 2,
  'no-words': 5,
};

/** @throws AsrError `CANCELLED`, `INFERENCE_…`, `LANGUAGE_…` */
export async function hearGuarded(
  whole: SegmentCut,
  { inference, useBetterTier, decoding, signal, mayRetrySilence }: HearGuardedOptions,
): Promise<GuardedHearing> {
  const { segment } = whole;
  const samples = whole.cutSamples();
  const level = computeLevel(samples);
  const judge = (hearing: Hearing, outcome: GuardOutcome): Try => {
    const { speechSamples } = segment;
    return { ...hearing, outcome, guards: judgeSegment({ ...hearing, speechSamples, level }) };
  };
  const first = judge(
    await hear([{ segment, cutSamples: () => samples }], { inference, decoding, signal }),
    'kept',
  );
  const tries = [first];
  const isHealed = () => tries.at(-1)!.guards.length === 0;
  if (!isHealed() && (!first.guards.includes('no-words') || (await mayRetrySilence()))) {
    const other = await hear(planOtherCut(whole), { inference, decoding, signal });
    const words = clipWords(other.words, segment);
    tries.push(judge({ ...other, words }, 'other-cut'));
    if (!isHealed() && useBetterTier) {
      const better = await useBetterTier((betterTier) =>
        hearBetter(whole, { inference: betterTier, decoding, signal }),
      );
      if (better) tries.push(judge(better, 'better-tier'));
    }
  }
  const best = tries.reduce((a, b) => (measureBadness(b) < measureBadness(a) ? b : a));
  return {
    words: best.words,
    guardEvents: describeEvents(segment, { first, best }),
    computeMs: tries.reduce((sum, { computeMs }) => sum + computeMs, 0),
  };
}

type HearOptions = Pick<HearGuardedOptions, 'inference' | 'decoding' | 'signal'>;

/**
 * One cut after the other, so that no more audio is in hand than was reserved for the whole. What another host or tier
 * has planned may be longer than this one takes: it is cut in two.
 */
async function hear(
  cuts: readonly SegmentCut[],
  { inference, decoding, signal }: HearOptions,
): Promise<Hearing> {
  const limitSamples = inference.capabilities.maxSegmentSeconds * SAMPLE_RATE_HZ;
  const heard: { segment: Segment; words: Word[] }[] = [];
  const remarks: DecodingRemark[] = [];
  let computeMs = 0;
  for (const { segment, cutSamples } of cuts.flatMap((cut) => splitToFit(cut, limitSamples))) {
    const recognized = await inference.recognize({ samples: cutSamples(), signal, decoding });
    heard.push({ segment, words: placeWords(recognized.words, segment) });
    remarks.push(...recognized.remarks);
    computeMs += recognized.computeMs;
  }
  return { words: stitchSegments(heard), remarks, computeMs };
}

async function hearBetter(whole: SegmentCut, options: HearOptions): Promise<Hearing> {
  const { budget } = options.inference;
  const length = whole.segment.audioEndSamples - whole.segment.audioStartSamples;
  await budget.reserve(length, options.signal);
  try {
    return await hear([whole], options);
  } finally {
    budget.release(length);
  }
}

function measureBadness({ guards }: Try): number {
  return guards.reduce((sum, guard) => sum + badness[guard], 0);
}

/** One for each guard that did not let the first text or the one that stays pass. */
function describeEvents(
  { startSamples, endSamples }: Segment,
  { first, best }: { first: Try; best: Try },
): GuardEvent[] {
  return [...new Set([...first.guards, ...best.guards])].map((guard) => ({
    guard,
    outcome: best.guards.includes(guard) ? 'kept' : best.outcome,
    startSamples,
    endSamples,
  }));
}

/** Into the segment's audio: margins that were added are not in the recording. */
function clipWords(words: readonly Word[], segment: Segment): Word[] {
  const { audioStartSamples, audioEndSamples } = segment;
  const clip = (at: number) => Math.min(Math.max(at, audioStartSamples), audioEndSamples);
  return words.map((word) => ({
    ...word,
    startSamples: clip(word.startSamples),
    endSamples: clip(word.endSamples),
  }));
}
