import { describe, expect, it } from 'vitest';
import { readAhead } from './read-ahead.js';

describe('reading ahead', () => {
  it('has the next value made while one is worked on, and no more', async () => {
    const made: number[] = [];
    const seen: number[][] = [];
    for await (const value of readAhead(count(made, 4))) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push([value, made.length]);
    }
    expect(seen).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 4],
    ]);
  });

  it('throws what fails when its turn comes, after what was before it', async () => {
    async function* failing() {
      yield await Promise.resolve(1);
      throw new Error('broken');
    }
    const seen: number[] = [];
    const read = async () => {
      for await (const value of readAhead(failing())) seen.push(value);
    };
    await expect(read()).rejects.toThrow('broken');
    expect(seen).toEqual([1]);
  });

  it('ends the source when the reader leaves', async () => {
    const made: number[] = [];
    for await (const value of readAhead(count(made, 9))) {
      if (value === 2) break;
    }
    expect(made).toEqual([1, 2, 3, -1]);
  });
});

/** Counts up, notes what it makes, and −1 where it is ended early. */
async function* count(made: number[], until: number): AsyncGenerator<number> {
  let isComplete = false;
  try {
    for (let value = 1; value <= until; value++) {
      made.push(value);
      yield await Promise.resolve(value);
    }
    isComplete = true;
  } finally {
    if (!isComplete) made.push(-1);
  }
}
