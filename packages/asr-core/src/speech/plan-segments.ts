// Cuts a recording's speech into segments that a model can take: at pauses, and where speech does not pause, at the
// quietest point of the last stretch that still fits.

import { SAMPLE_RATE_HZ, type Segment } from '../transcript.js';
import { type EnergyProfile } from './energy-profile.js';
import { type SpeechRegion } from './find-speech.js';

export type SegmentLimits = {
  /** No segment's audio is longer: the model's and tier's limit. */
  maxSegmentSeconds: number;
  /**
   * Neighbours are joined up to about this length; shorter than the limit, so that what is left over is no stump.
   * @defaultValue 0.8 × maxSegmentSeconds
   */
  targetSegmentSeconds?: number;
  /** Longer pauses are left out rather than joined over. @defaultValue 1.5 */
  maxPauseSeconds?: number;
  /**
   * Audio kept around speech, as far as the pause reaches: models were trained on utterances with silence about them.
   * @defaultValue 0.5
   */
  marginSeconds?: number;
  /** A recording up to this long is heard whole, if anybody speaks and the limit allows. @defaultValue 30 */
  wholeSeconds?: number;
  /** Audio that both sides hear where speech is cut without a pause. @defaultValue 1 */
  overlapSeconds?: number;
};

/** What speech detection has newly found out. */
export type DetectedSpeech = {
  /** Regions that were completed since the last call, in order. */
  closed: readonly SpeechRegion[];
  /** The region that is still growing. */
  open?: SpeechRegion | undefined;
  /** Nothing before this changes any more. */
  settledUntilSamples: number;
  /** Whether the recording ends at `settledUntilSamples`. */
  ended: boolean;
};

/** Plans segments while speech is still being detected; the result is that of knowing everything at once. */
export interface SegmentPlanner {
  /** Takes what is new and returns the segments that can be decided now. */
  plan(speech: DetectedSpeech, energies: EnergyProfile): Segment[];
  /** Audio before this is in no later segment. */
  readonly neededFromSamples: number;
}

type SegmentBounds = Omit<Segment, 'speechSamples'>;
type Limits = Record<'max' | 'target' | 'pause' | 'margin' | 'whole' | 'overlap', number>;

export function createSegmentPlanner(options: SegmentLimits): SegmentPlanner {
  const limits = toSamples(options);
  /** Closed regions that no segment owns yet. */
  let pending: SpeechRegion[] = [];
  /** End of what earlier segments own. */
  let ownedUntil = 0;
  /** Where the next segment's audio may begin: before `ownedUntil` only after a cut without a pause. */
  let audioFrom = 0;
  let neededFrom = 0;

  const startAudio = (speechStart: number) =>
    audioFrom < ownedUntil ? audioFrom : Math.max(audioFrom, speechStart - limits.margin);

  return {
    plan(speech, energies) {
      pending.push(...speech.closed);
      const segments: Segment[] = [];
      for (;;) {
        pending = removeOwned(pending, ownedUntil);
        const regions = speech.open
          ? [...pending, ...removeOwned([speech.open], ownedUntil)]
          : pending;
        const first = regions[0];
        const audioStart = startAudio(first?.startSamples ?? speech.settledUntilSamples);
        const mayBeShort = speech.settledUntilSamples <= limits.whole;
        neededFrom = mayBeShort ? 0 : audioStart;
        if (!first) break;
        const horizon = audioStart + limits.max + limits.pause + 2 * limits.margin;
        if (!speech.ended && speech.settledUntilSamples < horizon) break;
        const isShort = speech.ended && speech.settledUntilSamples <= limits.whole;
        const bounds = isShort
          ? wholeRecording(speech.settledUntilSamples)
          : planNext({ regions, audioStart, ownedUntil, speech, energies, limits });
        segments.push({ ...bounds, speechSamples: countSpeech(regions, bounds) });
        ownedUntil = bounds.endSamples;
        audioFrom = 2 * bounds.endSamples - bounds.audioEndSamples;
      }
      return segments;
    },
    get neededFromSamples() {
      return neededFrom;
    },
  };
}

function wholeRecording(totalSamples: number): SegmentBounds {
  return {
    startSamples: 0,
    endSamples: totalSamples,
    audioStartSamples: 0,
    audioEndSamples: totalSamples,
  };
}

type Situation = {
  /** Speech not yet owned, the first region at its head. */
  regions: readonly SpeechRegion[];
  audioStart: number;
  ownedUntil: number;
  speech: DetectedSpeech;
  energies: EnergyProfile;
  limits: Limits;
};

function planNext(situation: Situation): SegmentBounds {
  const { regions, audioStart, ownedUntil, speech, limits } = situation;
  const last = chooseLastRegion(situation);
  if (last < 0) return cutWithoutPause(situation);
  const end = regions[last]!.endSamples;
  const next = regions[last + 1];
  const pauseEnd = next
    ? next.startSamples
    : speech.ended
      ? speech.settledUntilSamples
      : Number.MAX_SAFE_INTEGER;
  // Between two segments the pause is shared; each side takes at most its margin.
  const room = next ? Math.floor((pauseEnd - end) / 2) : pauseEnd - end;
  const endSamples = Math.min(
    end + Math.max(0, Math.min(room, limits.margin)),
    audioStart + limits.max,
  );
  return {
    startSamples: Math.max(ownedUntil, audioStart),
    endSamples,
    audioStartSamples: audioStart,
    audioEndSamples: endSamples,
  };
}

/**
 * Index of the last region to join: of the pauses that leave the segment between half the target and the target, the
 * longest; else the last one that fits. −1 where not even the first region fits.
 */
function chooseLastRegion({ regions, audioStart, limits }: Situation): number {
  let fitting = -1;
  let best = -1;
  let bestPause = -1;
  for (let i = 0; i < regions.length; i++) {
    const length = regions[i]!.endSamples - audioStart;
    if (length > limits.max || (fitting >= 0 && length > limits.target)) break;
    fitting = i;
    const next = regions[i + 1];
    const pause = next ? next.startSamples - regions[i]!.endSamples : Infinity;
    if (pause > limits.pause) return i;
    if (length >= limits.target / 2 && pause > bestPause) {
      best = i;
      bestPause = pause;
    }
  }
  return best >= 0 ? best : fitting;
}

/** The first region is longer than a segment: cut it at its quietest point, heard by both sides. */
function cutWithoutPause({ audioStart, ownedUntil, energies, limits }: Situation): SegmentBounds {
  const latest = audioStart + limits.max - limits.overlap;
  const stretch = Math.floor(limits.max / 4);
  const earliest = Math.max(latest - stretch, Math.max(ownedUntil, audioStart) + 1);
  const cut = energies.findQuietest(earliest, latest);
  return {
    startSamples: Math.max(ownedUntil, audioStart),
    endSamples: cut,
    audioStartSamples: audioStart,
    audioEndSamples: cut + limits.overlap,
  };
}

/** What of the regions lies behind `from`. */
function removeOwned(regions: readonly SpeechRegion[], from: number): SpeechRegion[] {
  return regions
    .filter((region) => region.endSamples > from)
    .map((region) => ({ ...region, startSamples: Math.max(region.startSamples, from) }));
}

function countSpeech(
  regions: readonly SpeechRegion[],
  { startSamples, endSamples }: SegmentBounds,
): number {
  return regions.reduce((sum, region) => {
    const start = Math.max(region.startSamples, startSamples);
    return sum + Math.max(0, Math.min(region.endSamples, endSamples) - start);
  }, 0);
}

function toSamples({
  maxSegmentSeconds,
  targetSegmentSeconds = 0.8 * maxSegmentSeconds,
  maxPauseSeconds = 1.5,
  marginSeconds = 0.5,
  wholeSeconds = 30,
  overlapSeconds = 1,
}: SegmentLimits): Limits {
  const samples = (seconds: number) => Math.floor(seconds * SAMPLE_RATE_HZ);
  const max = samples(maxSegmentSeconds);
  return {
    max,
    target: Math.min(samples(targetSegmentSeconds), max),
    pause: samples(maxPauseSeconds),
    margin: samples(marginSeconds),
    whole: Math.min(samples(wholeSeconds), max),
    // Short limits leave less room for what is heard twice.
    overlap: Math.min(samples(overlapSeconds), Math.floor(max / 8)),
  };
}
