// What a person reads about recordings that are finished, and about a run that is.

import { basename, relative } from 'node:path';
import { type TranscriptFlag } from '@stenofleet/transcript';
import { RECOMMENDED_MODEL } from '../choose-model.js';
import { type RecordingOutcome } from '../transcribe/run-recordings.js';
import {
  formatClock,
  formatCount,
  formatSpeed,
  shorten,
  toPrintable,
} from './format-quantities.js';
import { type RunFacts, type RunSummary, type Ticket } from './reporter.js';
import { type Style } from './style.js';

const NAME_WIDTH = 36;
/** More remarks on one recording are in its JSON. */
const MAX_REMARKS = 3;
/** Of recordings that failed for the same reason; each has a line of its own above the summary. */
const MAX_NAMES = 3;

type ResultFormat = { style: Style; cwd: string };

export function formatRunStart(run: RunFacts, style: Style): string[] {
  const lanes = formatCount(run.laneCount, 'lane');
  const line = `${style.strong(`${run.modelId} ${run.tier}`)} · ${formatCount(run.count, 'recording')} · ${lanes}`;
  return run.isDemo ? [line, ...formatDemoNotice(run.modelId).map(style.warning), ''] : [line, ''];
}

/** @returns no line for what was cancelled: the summary counts it */
export function formatResult(
  { shown }: Ticket,
  outcome: RecordingOutcome,
  { style, cwd }: ResultFormat,
): string[] {
  const name = shorten(toPrintable(shown), NAME_WIDTH).padEnd(NAME_WIDTH);
  switch (outcome.status) {
    case 'done': {
      const facts = `${formatClock(outcome.durationSeconds).padStart(7)}  ${formatSpeed(outcome.durationSeconds, outcome.processingSeconds).padStart(5)}  ${formatCount(outcome.words, 'word').padStart(12)}`;
      const { mark, remarks } = formatFlags(outcome.flags, style);
      const outputs = style.quiet(`→ ${formatOutputs(outcome.outputs, cwd)}`);
      const replaced = formatReplaced(outcome.replaces);
      return [
        `${mark ?? style.good('✓')} ${name}  ${facts}  ${outputs}${replaced}`,
        ...(outcome.quality === undefined ? [] : [style.quiet(`    ${outcome.quality}`)]),
        ...remarks,
      ];
    }
    case 'skipped': {
      const { mark, remarks } = formatFlags(outcome.flags, style);
      const rest = style.quiet(`${name}  already done → ${formatOutputs(outcome.outputs, cwd)}`);
      return [`${mark ?? style.quiet('–')} ${rest}`, ...remarks];
    }
    case 'failed':
      return [`${style.bad('✗')} ${name}  ${style.bad(outcome.error.code)}`];
    case 'cancelled':
      return [];
  }
}

export function formatSummary(summary: RunSummary, style: Style): string[] {
  const { count, done, skipped, cancelled, failures, audioSeconds, elapsedSeconds } = summary;
  const speed = `${formatClock(audioSeconds)} of audio in ${formatClock(elapsedSeconds)}, ${formatSpeed(audioSeconds, elapsedSeconds)} real time`;
  const parts = [
    ...(done > 0 ? [style.good(`${done} transcribed`) + ` (${speed})`] : []),
    ...(skipped > 0 ? [`${skipped} already done`] : []),
    ...(failures.length > 0 ? [style.bad(`${failures.length} failed`)] : []),
    ...(cancelled > 0 ? [style.warning(`${cancelled} interrupted`)] : []),
  ];
  if (parts.length === 0) return ['', 'Interrupted before the first recording.'];
  return [
    '',
    `${formatCount(count, 'recording')}: ${parts.join(', ')}.`,
    ...formatFailures(failures, style),
    ...(cancelled > 0
      ? ['', 'Interrupted. The same command without --force goes on with what is not done yet.']
      : []),
  ];
}

/** What is wrong with all of them, such as a full disk, is said once. */
function formatFailures(failures: RunSummary['failures'], style: Style): string[] {
  const reasons = new Map<string, string[]>();
  for (const { shown, error } of failures) {
    const reason = `${error.code}: ${toPrintable(error.message)}`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), toPrintable(shown)]);
  }
  return [...reasons].flatMap(([reason, names]) => {
    const more = names.length - MAX_NAMES;
    return [
      '',
      ...names.slice(0, MAX_NAMES).map((name) => `${style.bad('✗')} ${name}`),
      ...(more > 0 ? [`${style.bad('✗')} and ${formatCount(more, 'other')}`] : []),
      `  ${reason}`,
    ];
  });
}

function formatDemoNotice(modelId: string): string[] {
  return [
    `${modelId} is for trying the system only, and its transcripts say so. For real work:`,
    `  steno models pull ${RECOMMENDED_MODEL}`,
  ];
}

/** `out/talk.{json,srt}` */
function formatOutputs(paths: readonly string[], cwd: string): string {
  const [first = '', ...others] = paths.map((path) => toPrintable(fromHere(path, cwd)));
  if (others.length === 0) return first;
  const extensions = [first, ...others].map((path) => path.slice(path.lastIndexOf('.') + 1));
  return `${first.slice(0, first.lastIndexOf('.'))}.{${extensions.join(',')}}`;
}

function fromHere(path: string, cwd: string): string {
  const below = relative(cwd, path);
  return below.startsWith('..') ? path : below || basename(path);
}

function formatReplaced(madeWith: string | undefined): string {
  if (madeWith === undefined) return '';
  return `, replaces the transcript made with ${toPrintable(madeWith)}`;
}

/** What a reader should know of a transcript; the demo model has been spoken of above. */
function formatFlags(
  flags: readonly TranscriptFlag[],
  style: Style,
): { mark: string | undefined; remarks: string[] } {
  const telling = flags.filter(({ code }) => code !== 'DEMO_MODEL');
  const lines = telling
    .slice(0, MAX_REMARKS)
    .map(({ code, message, start }) =>
      toPrintable(`${code}${start === undefined ? '' : ` at ${formatClock(start)}`}: ${message}`),
    );
  const more = telling.length - MAX_REMARKS;
  if (more > 0) lines.push(`and ${more} more, all of them in the JSON`);
  return {
    mark: telling.length > 0 ? style.warning('!') : undefined,
    remarks: lines.map((line) => style.warning(`    ${line}`)),
  };
}
