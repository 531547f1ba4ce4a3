import { describe, expect, it } from 'vitest';
import { formatProgressLine } from './progress-line.js';
import { createProgressTally } from './progress-tally.js';
import { createStyle } from './style.js';

const style = createStyle(false);

describe('progress', () => {
  it('tells audio time done of total, speed, time left and recordings', () => {
    const tally = createProgressTally(3);
    tally.measure(0, 600);
    tally.measure(1, 1400);
    tally.leaveOut(2);
    tally.finish(0, 600);
    tally.advance(1, 400);
    const line = formatProgressLine(tally.get(), { elapsedSeconds: 50, width: 120, style });
    expect(line).toBe(
      ` ${'━'.repeat(14)}${'─'.repeat(14)}  16:40 of 33:20 · 20× real time · 0:50 left · 1 of 2`,
    );
  });

  it('promises no end while a length is not known', () => {
    const tally = createProgressTally(2);
    tally.measure(0, 60);
    tally.advance(0, 30);
    const line = formatProgressLine(tally.get(), { elapsedSeconds: 10, width: 120, style });
    expect(line).toContain('0:30 of 1:00+ · 3.0× real time · 0 of 2');
    expect(line).not.toContain('left');
  });

  it('never runs beyond its total, whatever a header promised', () => {
    const tally = createProgressTally(1);
    tally.measure(0, 10);
    tally.advance(0, 25);
    expect(tally.get()).toMatchObject({ doneSeconds: 25, totalSeconds: 25 });
  });

  it('leaves the bar out where it does not fit', () => {
    const tally = createProgressTally(1);
    tally.measure(0, 10);
    const line = formatProgressLine(tally.get(), { elapsedSeconds: 0, width: 20, style });
    expect(line).toBe(' 0:00 of 0:10');
  });
});
