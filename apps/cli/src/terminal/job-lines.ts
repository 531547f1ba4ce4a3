// Jobs and batches as a person reads them.

import { type BatchCounts, type BatchView, type JobView } from '@stenofleet/shared/job';
import {
  formatClock,
  formatCount,
  formatSpeed,
  shorten,
  toPrintable,
} from './format-quantities.js';
import { formatBar } from './progress-line.js';
import { type Style } from './style.js';
import { formatTable } from './table.js';

const NAME_WIDTH = 36;
const BAR_WIDTH = 28;
const SETTLED_AFTER_SECONDS = 2;

/** Of what is not known yet: what the watch itself has seen. */
export type WatchPace = { doneSeconds: number; elapsedSeconds: number };

/** `━━━━━─────  12:03 of 55:10 · 24× real time · about 1:48 left · 3 of 12 · 1 failed` */
export function formatBatchLine(
  batch: BatchView,
  { pace, width, style }: { pace: WatchPace; width: number; style: Style },
): string {
  const { doneSeconds, counts } = batch;
  const { totalSeconds, isKnown } = estimateTotal(batch);
  const share = totalSeconds > 0 ? Math.min(1, doneSeconds / totalSeconds) : 0;
  const speed =
    pace.elapsedSeconds >= SETTLED_AFTER_SECONDS ? pace.doneSeconds / pace.elapsedSeconds : 0;
  const leftSeconds = speed > 0 ? (totalSeconds - doneSeconds) / speed : undefined;
  const failed = counts.failed + counts.refused;
  const sum = countItems(counts);
  const more = batch.status === 'expanding' ? '+' : '';
  const parts = [
    `${formatClock(doneSeconds)} of ${isKnown ? '' : 'about '}${formatClock(totalSeconds)}${more}`,
    ...(speed > 0 ? [`${formatSpeed(pace.doneSeconds, pace.elapsedSeconds)} real time`] : []),
    ...(leftSeconds !== undefined && more === '' && totalSeconds > 0
      ? [`${isKnown ? '' : 'about '}${formatClock(leftSeconds)} left`]
      : []),
    `${countEnded(counts)} of ${sum}${more}`,
    ...(failed > 0 ? [style.bad(`${failed} failed`)] : []),
  ];
  const measure = () => parts.join(' · ').length - (failed > 0 ? style.bad('').length : 0);
  // Where it is narrow, the speed goes first: how much is left says more.
  if (speed > 0 && measure() + 1 >= width) parts.splice(1, 1);
  const barWidth = Math.min(BAR_WIDTH, width - measure() - 5);
  const text = parts.join(' · ');
  return barWidth < 8 ? ` ${text}` : ` ${formatBar(share, barWidth, style)}  ${text}`;
}

/** `   talk.mp3  ━━━━────  1:20 of 4:10  recognize` */
export function formatRunningLine(
  job: JobView,
  { width, style }: { width: number; style: Style },
): string {
  const { doneSeconds, audioSeconds, step = job.status, secondsLeft } = job.progress;
  // A third of the line, and the same for all of them, so that bars stand below one another.
  const nameWidth = Math.min(NAME_WIDTH, Math.max(12, Math.floor(width / 3)));
  const name = shorten(toPrintable(job.source.name), nameWidth).padEnd(nameWidth);
  if (audioSeconds === undefined) return `   ${name}  ${style.quiet(step)}`;
  const left = secondsLeft === undefined ? '' : ` · ${formatClock(secondsLeft)} left`;
  const text = `${formatClock(doneSeconds)} of ${formatClock(audioSeconds)} · ${step}${left}`;
  const barWidth = Math.min(BAR_WIDTH, width - name.length - text.length - 9);
  if (barWidth < 8) return `   ${name}  ${text}`;
  const share = audioSeconds > 0 ? doneSeconds / audioSeconds : 0;
  return `   ${name}  ${formatBar(share, barWidth, style)}  ${text}`;
}

/** Jobs that wait are mostly not measured yet: they are taken for as long as the others on average. */
export function estimateTotal({
  counts,
  audioSeconds,
  status,
}: Pick<BatchView, 'counts' | 'audioSeconds' | 'status'>): {
  totalSeconds: number;
  isKnown: boolean;
} {
  const { queued, running, done, partial, failed, cancelled } = counts;
  const measured = running + done + partial + failed + cancelled;
  if (queued === 0 && status !== 'expanding') return { totalSeconds: audioSeconds, isKnown: true };
  const average = measured > 0 ? audioSeconds / measured : 0;
  return { totalSeconds: audioSeconds + queued * average, isKnown: false };
}

export function countItems({ queued, running, ...ended }: BatchCounts): number {
  return queued + running + countEnded(ended);
}

export function countEnded(
  counts: Pick<BatchCounts, 'done' | 'partial' | 'failed' | 'cancelled' | 'refused' | 'duplicates'>,
): number {
  const { done, partial, failed, cancelled, refused, duplicates } = counts;
  return done + partial + failed + cancelled + refused + duplicates;
}

export function formatFinishedJob(job: JobView, style: Style): string[] {
  const name = shorten(toPrintable(job.source.name), NAME_WIDTH).padEnd(NAME_WIDTH);
  const id = style.quiet(job.id);
  switch (job.status) {
    case 'done':
    case 'partial': {
      const { audioSeconds = 0, words = 0, flags = [], quality } = job.result ?? {};
      const speed = formatSpeed(audioSeconds, getElapsedSeconds(job) ?? 0);
      const telling = flags.filter(({ code }) => code !== 'DEMO_MODEL');
      const mark =
        job.status === 'partial' || telling.length > 0 ? style.warning('!') : style.good('✓');
      const facts = `${formatClock(audioSeconds).padStart(7)}  ${speed.padStart(5)}  ${formatCount(words, 'word').padStart(12)}`;
      return [
        `${mark} ${name}  ${facts}  ${id}`,
        ...(quality === undefined ? [] : [style.quiet(`    ${quality}`)]),
        ...telling
          .slice(0, 3)
          .map(({ code, message }) => style.warning(`    ${toPrintable(`${code}: ${message}`)}`)),
      ];
    }
    case 'failed':
      return [
        `${style.bad('✗')} ${name}  ${style.bad(job.error?.code ?? 'failed')}  ${id}`,
        ...(job.error ? [`    ${toPrintable(job.error.message)}`] : []),
      ];
    case 'cancelled':
      return [`${style.quiet('–')} ${name}  cancelled  ${id}`];
    case 'queued':
    case 'running':
      return [`${style.quiet('…')} ${name}  ${job.status}  ${id}`];
  }
}

/** What a batch came to: counts, audio, speed, cost, failures by code. */
export function formatBatchSummary(batch: BatchView, style: Style): string[] {
  const { counts, doneSeconds, cpuHoursPerAudioHour } = batch;
  const elapsed =
    batch.finishedAt === undefined
      ? undefined
      : (Date.parse(batch.finishedAt) - Date.parse(batch.createdAt)) / 1000;
  const speed =
    elapsed === undefined || doneSeconds === 0
      ? ''
      : ` in ${formatClock(elapsed)}, ${formatSpeed(doneSeconds, elapsed)} real time`;
  const parts = [
    ...(counts.done > 0 ? [style.good(`${counts.done} done`)] : []),
    ...(counts.partial > 0 ? [style.warning(`${counts.partial} with gaps`)] : []),
    ...(counts.failed > 0 ? [style.bad(`${counts.failed} failed`)] : []),
    ...(counts.refused > 0 ? [style.bad(`${counts.refused} refused`)] : []),
    ...(counts.cancelled > 0 ? [style.warning(`${counts.cancelled} cancelled`)] : []),
    ...(counts.duplicates > 0 ? [`${counts.duplicates} named twice`] : []),
    ...(counts.running > 0 ? [`${counts.running} running`] : []),
    ...(counts.queued > 0 ? [`${counts.queued} queued`] : []),
  ];
  const cost =
    cpuHoursPerAudioHour === undefined
      ? []
      : [
          `${formatHours(doneSeconds)} of audio${speed}; ${cpuHoursPerAudioHour.toFixed(3)} CPU hours per audio hour.`,
        ];
  return [
    `${formatCount(countItems(counts), 'recording')}: ${parts.join(', ') || 'none yet'}.`,
    ...cost,
    ...(batch.error
      ? [`${style.bad('✗')} ${batch.error.code}: ${toPrintable(batch.error.message)}`]
      : []),
    ...batch.failures.flatMap(({ code, count, examples }) => [
      `${style.bad('✗')} ${style.bad(code)} ${count}×`,
      ...examples.slice(0, 3).map((example) => `    ${toPrintable(example)}`),
    ]),
  ];
}

export function hasFailures({ counts, status }: BatchView): boolean {
  return (
    counts.failed > 0 ||
    counts.refused > 0 ||
    counts.cancelled > 0 ||
    status === 'failed' ||
    status === 'cancelled'
  );
}

export function formatJobTable(jobs: readonly JobView[], style: Style): string[] {
  const header = ['JOB', 'STATUS', 'AUDIO', 'MODEL', 'SUBMITTED (UTC)', 'RECORDING'].map(
    style.quiet,
  );
  return formatTable([
    header,
    ...jobs.map((job) => [
      style.strong(job.id),
      formatStatus(job, style),
      formatAudio(job),
      `${job.model} ${job.tier}`,
      formatTime(job.createdAt),
      shorten(toPrintable(job.source.name), NAME_WIDTH),
    ]),
  ]);
}

export function formatBatchTable(batches: readonly BatchView[], style: Style): string[] {
  const header = ['BATCH', 'STATUS', 'ENDED', 'FAILED', 'AUDIO', 'SUBMITTED (UTC)', 'NAME'].map(
    style.quiet,
  );
  return formatTable([
    header,
    ...batches.map(({ id, status, counts, doneSeconds, createdAt, name = '' }) => [
      style.strong(id),
      status,
      `${countEnded(counts)} of ${countItems(counts)}`,
      counts.failed + counts.refused > 0 ? style.bad(String(counts.failed + counts.refused)) : '0',
      formatClock(doneSeconds),
      formatTime(createdAt),
      toPrintable(name),
    ]),
  ]);
}

export function formatJob(job: JobView, style: Style): string[] {
  const { error, result, progress, batch, output } = job;
  const left =
    progress.secondsLeft === undefined ? '' : `, about ${formatClock(progress.secondsLeft)} left`;
  const step =
    progress.step === undefined || job.finishedAt !== undefined ? '' : `, ${progress.step}`;
  const rows = [
    ['Status', `${formatStatus(job, style)}${step}${left}`],
    ['Recording', toPrintable(job.source.uri)],
    ['Audio', formatAudio(job)],
    [
      'Model',
      `${job.model} ${job.tier}${job.language === undefined ? '' : `, ${job.language}`}, channels: ${job.channels}`,
    ],
    ['Output', `${output.prefix}/${output.name}.{${job.formats.join(',')}}`],
    ['Priority', job.priority],
    ['Batch', batch ?? ''],
    ['Attempts', String(job.attempts)],
    ['Submitted', job.createdAt],
    ['Finished', job.finishedAt ?? ''],
    ...Object.entries(job.metadata).map(([key, value]) => [toPrintable(key), toPrintable(value)]),
    ...(result ? [['Words', result.words.toLocaleString('en')]] : []),
    ['Quality', result?.quality ?? ''],
  ].filter(([, value]) => value !== '');
  return [
    style.strong(job.id),
    ...formatTable(rows.map(([name = '', value = '']) => [`  ${style.quiet(name)}`, value])),
    ...(result?.gaps ?? []).map(({ startSeconds, endSeconds, code }) =>
      style.warning(
        `  Gap from ${formatClock(startSeconds)} to ${formatClock(endSeconds)}: ${code}`,
      ),
    ),
    ...(result?.flags ?? []).map(({ code, message }) =>
      style.warning(`  ${toPrintable(`${code}: ${message}`)}`),
    ),
    ...(error ? [`  ${style.bad(error.code)}: ${toPrintable(error.message)}`] : []),
  ];
}

function formatStatus({ status }: JobView, style: Style): string {
  const paint = {
    queued: style.quiet,
    running: style.strong,
    done: style.good,
    partial: style.warning,
    failed: style.bad,
    cancelled: style.quiet,
  };
  return paint[status](status);
}

function formatAudio({ progress, result, status }: JobView): string {
  const total = result?.audioSeconds ?? progress.audioSeconds;
  if (total === undefined) return '';
  return status === 'running'
    ? `${formatClock(progress.doneSeconds)} of ${formatClock(total)}`
    : formatClock(total);
}

function formatHours(seconds: number): string {
  return seconds >= 36_000 ? `${(seconds / 3600).toFixed(1)} hours` : formatClock(seconds);
}

function formatTime(iso: string): string {
  return new Date(iso).toISOString().slice(0, 16).replace('T', ' ');
}

function getElapsedSeconds({ startedAt, finishedAt }: JobView): number | undefined {
  if (startedAt === undefined || finishedAt === undefined) return undefined;
  return (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
}
