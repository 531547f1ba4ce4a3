// Long recordings whose clips have known places: error rate, seams and word times.

import { type Inference, type TranscribeOptions } from '@stenofleet/asr-core';
import { type ClipRecording } from '../measure/corpus.js';
import { findSeamFaults, type SeamFault } from '../measure/find-seam-faults.js';
import { alignWithClips, type ClipAlignment } from '../measure/heard-words.js';
import { computeMedian, computeQuantile } from '../measure/statistics.js';
import { transcribeRecordings, type Transcription } from '../measure/transcribe-recordings.js';
import { computeErrorRate, countErrors, sumErrors, totalErrors } from '../measure/word-errors.js';
import { measureWordTimes, mergeWordTimes, type WordTimes } from '../measure/word-times.js';
import { checkAtMost, checkNone, type Check, type Finding } from './finding.js';
import { formatTable, percent } from './table.js';

const MAX_START_DISTANCE_MS = 80;
const MAX_STRAY_PERCENT = 1;
/** Rows of the table of words outside their clip. */
const SHOWN_STRAYS = 8;

/** What a recording must reach; what is absent is only reported. */
export type ClipBounds = {
  maxErrorRate?: number;
  seams?: boolean;
  startDistance?: boolean;
  strays?: boolean;
};

export type MeasuredClips = ReturnType<typeof summarize>;

export async function measureClips(
  recordings: readonly { recording: ClipRecording; bounds: ClipBounds }[],
  {
    inference,
    name,
    options = {},
  }: { inference: Inference; name: string; options?: TranscribeOptions },
): Promise<{ finding: Finding; measured: MeasuredClips[] }> {
  const transcriptions = await transcribeRecordings(
    recordings.map(({ recording }) => recording),
    inference,
    options,
  );
  const measured = transcriptions.map(summarize);
  const finding = {
    title: `${name}: ${measured.map((one) => one.name).join(', ')}`,
    tables: [formatErrors(measured), formatTimes(measured), ...formatDetails(measured)],
    figures: { model: name, recordings: measured },
    checks: measured.flatMap((one, index) =>
      checkBounds(one, `${name}: ${one.name}`, recordings[index]?.bounds ?? {}),
    ),
  };
  return { finding, measured };
}

function summarize(transcription: Transcription<ClipRecording>) {
  const { recording } = transcription;
  const alignments = alignChannels(transcription);
  const errors = sumErrors(alignments.map(({ steps }) => countErrors(steps)));
  return {
    name: recording.name,
    failure: transcription.ok ? undefined : transcription.error.code,
    errors,
    rate: computeErrorRate(errors),
    seamFaults: alignments.flatMap(findSeamFaults),
    times: mergeWordTimes(alignments.map(measureWordTimes)),
  };
}

function alignChannels({
  recording: { clips },
  ...outcome
}: Transcription<ClipRecording>): ClipAlignment[] {
  const channels = [...new Set(clips.map(({ channel }) => channel))];
  return channels.map((channel) =>
    alignWithClips(
      clips.filter((clip) => clip.channel === channel),
      outcome.ok ? (outcome.transcript.channels[channel]?.words ?? []) : [],
    ),
  );
}

function checkBounds(
  { failure, rate, seamFaults, times }: MeasuredClips,
  name: string,
  bounds: ClipBounds,
): Check[] {
  const checks: Check[] = [checkNone(`${name}, failure`, failure === undefined ? [] : [failure])];
  if (bounds.maxErrorRate !== undefined) {
    const limits = { measured: rate, bound: bounds.maxErrorRate, format: percent };
    checks.push(checkAtMost(`${name}, WER`, limits));
  }
  if (bounds.seams) checks.push(checkNone(`${name}, seams`, seamFaults.map(describeFault)));
  if (bounds.startDistance) {
    const limits = {
      measured: computeMedian(times.startOffsetsMs.map(Math.abs)),
      bound: MAX_START_DISTANCE_MS,
      format: milliseconds,
    };
    checks.push(checkAtMost(`${name}, median distance of clip starts`, limits));
  }
  if (bounds.strays) {
    const limits = { measured: strayPercent(times), bound: MAX_STRAY_PERCENT, format: percent };
    checks.push(checkAtMost(`${name}, words outside their clip by 300 ms`, limits));
  }
  return checks;
}

function formatErrors(measured: readonly MeasuredClips[]): string {
  return formatTable(
    ['recording', 'words', 'errors', 'sub', 'del', 'ins', 'WER', 'seam faults'],
    measured.map(({ name, errors, rate, seamFaults }) => [
      ...[name, errors.words, totalErrors(errors)],
      ...[errors.substitutions, errors.deletions, errors.insertions],
      ...[percent(rate), seamFaults.length],
    ]),
  );
}

function formatTimes(measured: readonly MeasuredClips[]): string {
  return formatTable(
    [
      ...['word times, ms', 'clips', '|start| median'],
      ...['start 5 %', '50 %', '95 %', 'end 5 %', '50 %', '95 %', 'outside'],
    ],
    measured.map(({ name, times }) => {
      const { startOffsetsMs: starts, endOffsetsMs: ends } = times;
      const quantiles = (values: readonly number[]) =>
        [0.05, 0.5, 0.95].map((share) => computeQuantile(values, share).toFixed(0));
      return [
        ...[name, starts.length, computeMedian(starts.map(Math.abs)).toFixed(0)],
        ...[...quantiles(starts), ...quantiles(ends)],
        percent(strayPercent(times)),
      ];
    }),
  );
}

function formatDetails(measured: readonly MeasuredClips[]): string[] {
  return measured.flatMap(({ name, seamFaults, times }) => {
    const faults = seamFaults.map((fault) => `  ${name}: ${describeFault(fault)}`);
    const strays = times.strays.slice(0, SHOWN_STRAYS).map(({ word, clips }) => {
      const places = clips.map((clip) => range(clip.startSeconds, clip.endSeconds)).join(' or ');
      return `  ${name}: “${word.text}” at ${range(word.startSeconds, word.endSeconds)}, clip ${places}`;
    });
    return [...faults, ...strays].length > 0 ? ['', ...faults, ...strays] : [];
  });
}

function describeFault({ kind, text, atSeconds }: SeamFault): string {
  return `${kind} at ${atSeconds.toFixed(1)} s “${text}”`;
}

function strayPercent({ strays, words }: WordTimes): number {
  return (100 * strays.length) / words;
}

function milliseconds(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function range(startSeconds: number, endSeconds: number): string {
  return `${startSeconds.toFixed(2)}–${endSeconds.toFixed(2)}`;
}
