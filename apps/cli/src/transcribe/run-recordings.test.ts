import { AsrError } from '@stenofleet/asr-core';
import { describe, expect, it } from 'vitest';
import { type RecordingOutcome, runRecordings } from './run-recordings.js';

const skipped: RecordingOutcome = { status: 'skipped', outputs: [], flags: [] };

async function run(
  items: string[],
  work: (item: string) => Promise<RecordingOutcome>,
  { limit = 2, signal = new AbortController().signal } = {},
) {
  const outcomes: Record<string, string> = {};
  await runRecordings(items, work, {
    limit,
    signal,
    onStart: () => undefined,
    onFinish: (item, outcome) => {
      outcomes[item] = outcome.status === 'failed' ? outcome.error.code : outcome.status;
    },
  });
  return outcomes;
}

describe('runRecordings', () => {
  it('goes on after a failure', async () => {
    const outcomes = await run(['a', 'b', 'c'], (item) =>
      item === 'a'
        ? Promise.reject(new AsrError('AUDIO_UNREADABLE', 'broken'))
        : Promise.resolve(skipped),
    );
    expect(outcomes).toEqual({ a: 'AUDIO_UNREADABLE', b: 'skipped', c: 'skipped' });
  });

  it('tries once more, alone and last, what a retry may cure', async () => {
    const crash = () => Promise.reject(new AsrError('INFERENCE_CRASHED', 'crashed'));
    const tries: string[] = [];
    const outcomes = await run(['poison', 'neighbour', 'other'], (item) => {
      tries.push(item);
      const isFirst = tries.filter((one) => one === item).length === 1;
      return item === 'poison' || (item === 'neighbour' && isFirst)
        ? crash()
        : Promise.resolve(skipped);
    });
    expect(outcomes).toEqual({
      poison: 'INFERENCE_CRASHED',
      neighbour: 'skipped',
      other: 'skipped',
    });
    expect(tries).toEqual(['poison', 'neighbour', 'other', 'poison', 'neighbour']);
  });

  it('ends everything that is left as cancelled', async () => {
    const controller = new AbortController();
    const outcomes = await run(
      ['a', 'b', 'c'],
      (item) => {
        if (item === 'b') controller.abort();
        return item === 'b' ? Promise.reject(new Error('killed')) : Promise.resolve(skipped);
      },
      { limit: 1, signal: controller.signal },
    );
    expect(outcomes).toEqual({ a: 'skipped', b: 'cancelled', c: 'cancelled' });
  });
});
