import { describe, expect, it } from 'vitest';
import { createCrashGate } from './crash-gate.js';

/** Work whose end the test decides. */
function createWork(name: string, log: string[]) {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const work = async () => {
    log.push(`${name} begins`);
    await finished;
    log.push(`${name} ends`);
  };
  return { work, finish: () => finish() };
}

const { signal } = new AbortController();
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a crash gate', () => {
  it('lets ordinary work in together, and suspects alone, in the order of asking', async () => {
    const gate = createCrashGate();
    const log: string[] = [];
    const [a, b, suspect, c] = ['a', 'b', 'suspect', 'c'].map((name) => createWork(name, log));
    if (!a || !b || !suspect || !c) throw new Error('unreachable');
    const all = [
      gate.enter(a.work, { alone: false, signal }),
      gate.enter(b.work, { alone: false, signal }),
      gate.enter(suspect.work, { alone: true, signal }),
      gate.enter(c.work, { alone: false, signal }),
    ];
    await settle();
    expect(log).toEqual(['a begins', 'b begins']);
    a.finish();
    await settle();
    expect(log.at(-1)).toBe('a ends');
    b.finish();
    await settle();
    expect(log.at(-1)).toBe('suspect begins');
    suspect.finish();
    await settle();
    expect(log.slice(-2)).toEqual(['suspect ends', 'c begins']);
    c.finish();
    await Promise.all(all);
  });

  it('lets others in when who was before them gives up or fails', async () => {
    const gate = createCrashGate();
    const log: string[] = [];
    const first = createWork('first', log);
    const running = gate.enter(first.work, { alone: false, signal });
    const controller = new AbortController();
    const waiting = gate.enter(() => Promise.resolve(), { alone: true, signal: controller.signal });
    const other = gate.enter(() => Promise.reject(new Error('broken')), { alone: false, signal });
    const outcome = Promise.allSettled([waiting, other]);
    controller.abort(new Error('given up'));
    const [gaveUp, failed] = await outcome;
    expect(gaveUp).toMatchObject({ reason: { message: 'given up' } });
    expect(failed).toMatchObject({ reason: { message: 'broken' } });
    first.finish();
    await running;
    await gate.enter(() => Promise.resolve(), { alone: true, signal });
  });
});
