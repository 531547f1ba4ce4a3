import { CodedError } from '@stenofleet/shared/errors';
import { describe, expect, it } from 'vitest';
import { type submitJob } from '../submit-job.js';
import { createFakeDependencies } from '../testing/fake-dependencies.js';
import { type ManifestItem, resolveItem } from './resolve-item.js';
import { submitPage } from './submit-page.js';

function items(count: number): ManifestItem[] {
  return Array.from({ length: count }, (_, index) => {
    const source = `https://example.org/${index}.mp3`;
    const { request } = resolveItem({ source }, {});
    if (!request) throw new Error('The item is wrong.');
    return { item: index + 1, source, cursor: String(index + 1), request };
  });
}

async function run(page: ManifestItem[], submit: (source: string) => void) {
  const pauses: number[] = [];
  const outcome = await submitPage(page, {
    batch: { id: 'b1', tenant: 'museum' },
    submit: ((request: { source: string }) => {
      submit(request.source);
      return Promise.resolve({ created: true });
    }) as unknown as typeof submitJob,
    dependencies: createFakeDependencies(),
    signal: new AbortController().signal,
    pause: (ms) => Promise.resolve(void pauses.push(ms)),
  });
  return { outcome, pauses };
}

describe('submitPage', () => {
  it('refuses an item and not its neighbours', async () => {
    const { outcome } = await run(items(20), (source) => {
      if (source.endsWith('/7.mp3')) throw new CodedError('SOURCE_NOT_FOUND', 'It is not there.');
    });
    expect(outcome.settled).toBe(20);
    expect(outcome.interruption).toBeUndefined();
    expect(outcome.refused).toMatchObject([{ item: 8, error: { code: 'SOURCE_NOT_FOUND' } }]);
  });

  it('settles only what lies before an outage', async () => {
    const { outcome } = await run(items(20), (source) => {
      if (source.endsWith('/5.mp3')) throw new CodedError('REDIS_UNAVAILABLE', 'It is away.');
    });
    expect(outcome.settled).toBe(5);
    expect(outcome.interruption?.error).toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  });

  it('asks a source that does not answer again, and then refuses it', async () => {
    let calls = 0;
    const { outcome, pauses } = await run(items(1), () => {
      calls++;
      throw new CodedError('SOURCE_UNAVAILABLE', 'It does not answer.');
    });
    expect(calls).toBe(3);
    expect(pauses).toEqual([500, 2000]);
    expect(outcome.refused).toMatchObject([{ error: { code: 'SOURCE_UNAVAILABLE' } }]);
  });

  it('begins no further item once its turn is over, and settles those it has begun', async () => {
    let calls = 0;
    const outcome = await submitPage(items(50), {
      batch: { id: 'b1', tenant: 'museum' },
      submit: (() =>
        Promise.resolve({ created: true, calls: ++calls })) as unknown as typeof submitJob,
      dependencies: createFakeDependencies(),
      signal: new AbortController().signal,
      isTurnOver: () => calls >= 20,
    });
    expect(outcome).toMatchObject({ settled: calls, refused: [] });
    expect(calls).toBeLessThan(30);
  });

  it('tells nothing of what should not happen, and goes on', async () => {
    const { outcome } = await run(items(3), (source) => {
      if (source.endsWith('/1.mp3')) throw new TypeError('secret');
    });
    expect(outcome.settled).toBe(3);
    expect(JSON.stringify(outcome.refused)).not.toContain('secret');
  });
});
