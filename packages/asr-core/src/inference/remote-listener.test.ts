import { describe, expect, it } from 'vitest';
import { type VadResult, createVadState } from '../speech/silero-vad.js';
import { withResolvers } from './inference-child.js';
import { createRemoteListener } from './remote-listener.js';

/** Each state tells how many blocks were heard. */
function answerTo(count: number): VadResult[] {
  const state = { ...createVadState(), context: new Float32Array([count]) };
  return [{ probabilities: new Float32Array(1), state, computeMs: 1 }];
}

const block = (value: number) => [new Float32Array([value])];

describe('a listener in another process', () => {
  it('sends blocks in order, however long the first has to wait for the process', async () => {
    const sent: number[] = [];
    const waits = [withResolvers<undefined>(), withResolvers<undefined>()];
    let asked = 0;
    const listener = createRemoteListener<string>({
      states: undefined,
      ask: async (compose) => {
        await waits[asked++]?.promise;
        sent.push(compose('a').block[0]![0]!);
        return answerTo(sent.length);
      },
      forget: () => undefined,
    });
    const answers = [listener.hear(block(1)), listener.hear(block(2))];
    waits[1]!.resolve(undefined);
    waits[0]!.resolve(undefined);
    await Promise.all(answers);
    expect(sent).toEqual([1, 2]);
  });

  it('tells a new process what the one before knew, and none what it knows itself', async () => {
    const told: (number | undefined)[] = [];
    const forgotten: string[] = [];
    let target = 'a';
    const listener = createRemoteListener<string>({
      states: undefined,
      ask: (compose) => {
        told.push(compose(target).states?.[0]?.context[0]);
        return Promise.resolve(answerTo(told.length));
      },
      forget: (holder) => forgotten.push(holder),
    });
    await listener.hear(block(0));
    await listener.hear(block(0));
    target = 'b';
    await listener.hear(block(0));
    listener.close();
    expect(told).toEqual([undefined, undefined, 2]);
    expect(forgotten).toEqual(['b']);
  });

  it('asks nothing more after a failure', async () => {
    let asked = 0;
    const listener = createRemoteListener<string>({
      states: undefined,
      ask: (compose) => {
        compose('a');
        asked += 1;
        return Promise.reject(new Error('broken'));
      },
      forget: () => undefined,
    });
    await expect(listener.hear(block(0))).rejects.toThrow('broken');
    await expect(listener.hear(block(0))).rejects.toThrow('broken');
    expect(asked).toBe(1);
  });
});
