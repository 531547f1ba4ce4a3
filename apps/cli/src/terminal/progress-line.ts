import { formatClock, formatSpeed } from './format-quantities.js';
import { type Progress } from './progress-tally.js';
import { type Style } from './style.js';

const BAR_WIDTH = 28;
/** Speed and time left say nothing before this. */
const SETTLED_AFTER_SECONDS = 2;

/** `━━━━━─────  12:03 of 55:10 · 24× real time · 1:48 left · 3 of 12` */
export function formatProgressLine(
  progress: Progress,
  { elapsedSeconds, width, style }: { elapsedSeconds: number; width: number; style: Style },
): string {
  const { doneSeconds, totalSeconds, isTotalKnown, finished, count } = progress;
  const share = totalSeconds > 0 ? Math.min(1, doneSeconds / totalSeconds) : 0;
  const isSettled = elapsedSeconds >= SETTLED_AFTER_SECONDS && doneSeconds > 0;
  const leftSeconds = ((totalSeconds - doneSeconds) * elapsedSeconds) / doneSeconds;
  const parts = [
    `${formatClock(doneSeconds)} of ${formatClock(totalSeconds)}${isTotalKnown ? '' : '+'}`,
    ...(isSettled ? [`${formatSpeed(doneSeconds, elapsedSeconds)} real time`] : []),
    ...(isSettled && isTotalKnown ? [`${formatClock(leftSeconds)} left`] : []),
    ...(count > 1 ? [`${finished} of ${count}`] : []),
  ];
  const text = parts.join(' · ');
  const barWidth = Math.min(BAR_WIDTH, width - text.length - 5);
  return barWidth < 8 ? ` ${text}` : ` ${formatBar(share, barWidth, style)}  ${text}`;
}

export function formatBar(share: number, width: number, style: Style): string {
  const filled = Math.round(Math.max(0, Math.min(1, share)) * width);
  return style.good('━'.repeat(filled)) + style.quiet('─'.repeat(width - filled));
}
