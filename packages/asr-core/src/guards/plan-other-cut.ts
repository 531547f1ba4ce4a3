// The same audio as a model has not heard it yet: in two halves, or with other margins where it is too short for that.

import { createEnergyProfile } from '../speech/energy-profile.js';
import { fillDigitalSilence } from '../speech/fill-digital-silence.js';
import { SAMPLE_RATE_HZ, type Segment } from '../transcript.js';

/** Audio that is heard on its own. */
export type SegmentCut = {
  segment: Segment;
  /** A new copy at every call. */
  cutSamples: () => Float32Array;
};

/** Halves of less would be words rather than sentences. */
const SHORTEST_SPLIT_SAMPLES = 4 * SAMPLE_RATE_HZ;
/** Heard by both halves: a word is seldom longer. */
const OVERLAP_SAMPLES = SAMPLE_RATE_HZ / 2;
/** Of quiet on each side; not a multiple of any model's frame, so that frames fall otherwise, too. */
const MARGIN_SAMPLES = SAMPLE_RATE_HZ / 2;

/** Cuts at the quietest point of the middle third, both sides hearing the seam; audio under 4 s gets margins instead. */
export function planOtherCut({ segment, cutSamples }: SegmentCut): SegmentCut[] {
  const samples = cutSamples();
  if (samples.length < SHORTEST_SPLIT_SAMPLES) return [addMargins(segment, samples)];
  return splitInTwo(segment, samples);
}

/** The audio as it is, or cut in two as often as a model needs that takes no more than `limitSamples`. */
export function splitToFit(whole: SegmentCut, limitSamples: number): SegmentCut[] {
  const { audioStartSamples, audioEndSamples } = whole.segment;
  const length = audioEndSamples - audioStartSamples;
  if (length <= limitSamples || length < SHORTEST_SPLIT_SAMPLES) return [whole];
  return splitInTwo(whole.segment, whole.cutSamples()).flatMap((half) =>
    splitToFit(half, limitSamples),
  );
}

function splitInTwo(segment: Segment, samples: Float32Array): SegmentCut[] {
  const energies = createEnergyProfile();
  energies.push(samples);
  const third = Math.floor(samples.length / 3);
  const cut = energies.findQuietest(third, 2 * third);
  const seam = segment.audioStartSamples + cut;
  const left = { ...segment, endSamples: seam, audioEndSamples: seam + OVERLAP_SAMPLES };
  const right = { ...segment, startSamples: seam, audioStartSamples: seam - OVERLAP_SAMPLES };
  return [
    { segment: left, cutSamples: () => samples.slice(0, cut + OVERLAP_SAMPLES) },
    { segment: right, cutSamples: () => samples.slice(cut - OVERLAP_SAMPLES) },
  ];
}

function addMargins(segment: Segment, samples: Float32Array): SegmentCut {
  const padded = new Float32Array(samples.length + 2 * MARGIN_SAMPLES);
  padded.set(samples, MARGIN_SAMPLES);
  fillDigitalSilence(padded, segment.audioStartSamples);
  return {
    segment: {
      ...segment,
      audioStartSamples: segment.audioStartSamples - MARGIN_SAMPLES,
      audioEndSamples: segment.audioEndSamples + MARGIN_SAMPLES,
    },
    cutSamples: () => padded.slice(),
  };
}
