import { type BatchView } from '@stenofleet/shared/job';
import { describe, expect, it } from 'vitest';
import { estimateTotal, formatBatchLine, formatBatchSummary, hasFailures } from './job-lines.js';
import { createStyle } from './style.js';

const style = createStyle(false);
const counts = {
  queued: 0,
  running: 0,
  done: 0,
  partial: 0,
  failed: 0,
  cancelled: 0,
  refused: 0,
  duplicates: 0,
};

const batch = (change: Partial<Omit<BatchView, 'counts'>> & { counts?: Partial<typeof counts> }) =>
  ({
    id: 'b1',
    status: 'running',
    itemsRead: 4,
    audioSeconds: 400,
    doneSeconds: 200,
    computeSeconds: 20,
    failures: [],
    metadata: {},
    createdAt: '2026-01-01T00:00:00.000Z',
    ...change,
    counts: { ...counts, ...change.counts },
  }) as BatchView;

describe('a batch as it goes', () => {
  const pace = { doneSeconds: 200, elapsedSeconds: 10 };

  it('tells audio time, speed and time left', () => {
    const line = formatBatchLine(batch({ counts: { done: 1, running: 1 } }), {
      pace,
      width: 100,
      style,
    });
    expect(line).toMatch(/━{14}─{14} {2}3:20 of 6:40 · 20× real time · 0:10 left · 1 of 2$/);
  });

  it('takes what is not measured yet for as long as the others, and says "about"', () => {
    const waiting = batch({ counts: { done: 1, running: 1, queued: 2 } });
    expect(estimateTotal(waiting)).toEqual({ totalSeconds: 800, isKnown: false });
    const line = formatBatchLine(waiting, { pace, width: 120, style });
    expect(line).toContain('3:20 of about 13:20 · 20× real time · about 0:30 left · 1 of 4');
  });

  it('promises no end while the input is still read', () => {
    const expanding = batch({ status: 'expanding', counts: { done: 1, queued: 1 } });
    const line = formatBatchLine(expanding, { pace, width: 120, style });
    expect(line).toContain('1 of 2+');
    expect(line).not.toContain('left');
  });

  it('fits a narrow terminal', () => {
    const line = formatBatchLine(batch({ counts: { done: 1 } }), { pace, width: 40, style });
    expect(line).not.toContain('━');
  });
});

describe('what a batch came to', () => {
  it('tells counts, audio, speed, cost and failures by code', () => {
    const ended = batch({
      status: 'finished',
      finishedAt: '2026-01-01T00:00:10.000Z',
      cpuHoursPerAudioHour: 0.1,
      counts: { done: 2, failed: 1, refused: 1 },
      failures: [{ code: 'AUDIO_UNREADABLE', count: 1, examples: ['j1'] }],
    });
    expect(formatBatchSummary(ended, style)).toEqual([
      '4 recordings: 2 done, 1 failed, 1 refused.',
      '3:20 of audio in 0:10, 20× real time; 0.100 CPU hours per audio hour.',
      '✗ AUDIO_UNREADABLE 1×',
      '    j1',
    ]);
    expect(hasFailures(ended)).toBe(true);
    expect(hasFailures(batch({ status: 'finished', counts: { done: 2 } }))).toBe(false);
  });
});
