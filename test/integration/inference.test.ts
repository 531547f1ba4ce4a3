import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  type Inference,
  type InferenceProcess,
  openLanePool,
  startInferenceProcess,
} from '@stenofleet/asr-core';
import { afterEach, describe, expect, it } from 'vitest';
import { demoModel } from '../fixtures/demo-model.js';
import { readExample } from '../fixtures/example-audio.js';

const SECOND = 16_000;
const speech = await readExample('film.mp4');
/** Segments of the example, each with a buffer of its own. */
const cut = (count: number, seconds = 4) =>
  Array.from({ length: count }, (_, i) => speech.slice(i * 2 * SECOND, (i * 2 + seconds) * SECOND));

let opened: Inference | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

describe.each([
  ['threads of this process', openLanePool],
  ['a process', startInferenceProcess],
])('inference in %s', (_, openInference) => {
  const open = (laneCount: number, model = demoModel): Promise<Inference> =>
    openInference({ model, laneCount });

  it('gives each request its own result, however many lanes there are', async () => {
    const texts: string[][] = [];
    for (const laneCount of [1, 2]) {
      const inference = (opened = await open(laneCount));
      const results = await Promise.all(cut(8).map((samples) => inference.recognize({ samples })));
      texts.push(results.map(({ words }) => words.map(({ text }) => text).join(' ')));
      await inference.close();
    }
    expect(texts[0]).toEqual(texts[1]);
    expect(new Set(texts[0]).size).toBe(8);
  });

  it('judges speech block by block as in one piece', async () => {
    const inference = (opened = await open(1));
    const samples = speech.slice(0, 512 * 400);
    const cutBlock = (from: number) => [samples.slice(from, from + 512 * 100)];
    const [whole] = await inference.listen().hear([samples]);
    const listener = inference.listen();
    const answers = [0, 1, 2].map((index) => listener.hear(cutBlock(index * 512 * 100)));
    const heard = await Promise.all(answers);
    // Whoever goes on later, elsewhere, brings along what is known.
    const states = heard[2]?.map(({ state }) => state);
    heard.push(await inference.listen(states).hear(cutBlock(3 * 512 * 100)));
    listener.close();
    const parts = heard.flatMap(([part]) => [...(part?.probabilities ?? [])]);
    expect(parts).toEqual([...(whole?.probabilities ?? [])]);
    expect(parts.filter((p) => p > 0.5).length).toBeGreaterThan(150);
  });

  it('judges channels together as alone', async () => {
    const inference = (opened = await open(1));
    const channel = (from: number) => speech.slice(from, from + 512 * 60);
    const together = await inference.listen().hear([channel(0), channel(5 * SECOND)]);
    const [alone] = await inference.listen().hear([channel(5 * SECOND)]);
    together[1]?.probabilities.forEach((p, i) =>
      expect(p).toBeCloseTo(alone?.probabilities[i] ?? NaN, 4),
    );
  });

  it('moves the audio away', async () => {
    const inference = (opened = await open(1));
    const [samples = new Float32Array()] = cut(1);
    await inference.recognize({ samples });
    expect(samples).toHaveLength(0);
  });

  it('gives no answer to what is cancelled, and all of it to the others', async () => {
    const inference = (opened = await open(1));
    const controller = new AbortController();
    const { signal } = controller;
    const first = cut(30).map((samples) => inference.recognize({ samples, signal }));
    const [sample = new Float32Array()] = cut(1);
    const other = inference.recognize({ samples: sample });
    controller.abort();
    for (const outcome of await Promise.allSettled(first)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CANCELLED' } });
    }
    expect((await other).words.length).toBeGreaterThan(0);
  });

  it('lets what runs finish when it closes', async () => {
    const inference = await open(2);
    const running = cut(2, 10).map((samples) => inference.recognize({ samples }));
    const outcomes = Promise.allSettled(running);
    // An answer to a later question: all has reached the lanes.
    await inference.getTimings();
    await inference.close();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('says in one sentence why a model cannot be opened', async () => {
    const broken = { ...demoModel, files: { ...demoModel.files, encoder: '/nowhere.onnx' } };
    await expect(open(1, broken)).rejects.toMatchObject({ code: 'MODEL_FILE_UNREADABLE' });
  });

  it('refuses work after it was closed', async () => {
    const inference = await open(1);
    await inference.close();
    await expect(inference.recognize({ samples: new Float32Array(SECOND) })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});

describe('the inference process', () => {
  it('may crash: what was outstanding fails by name, and the next request finds a new process', async () => {
    const inference = await startProcess();
    const waiting = cut(20).map((samples) => inference.recognize({ samples }));
    const crashed = inference.pid;
    process.kill(crashed ?? 0, 'SIGKILL');
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.at(-1)).toMatchObject({
      reason: { code: 'INFERENCE_CRASHED', retryable: true },
    });
    const again = await inference.recognize({ samples: cut(1)[0] ?? new Float32Array() });
    expect(again.words.length).toBeGreaterThan(0);
    expect(inference.pid).not.toBe(crashed);
  });

  it('is ended when it hangs, and what waited is told', async () => {
    const inference = await startProcess({ stallTimeoutMs: 3_000 });
    process.kill(inference.pid ?? 0, 'SIGSTOP');
    await expect(
      inference.recognize({ samples: cut(1)[0] ?? new Float32Array() }),
    ).rejects.toMatchObject({ code: 'INFERENCE_TIMEOUT' });
    const again = await inference.recognize({ samples: cut(1)[0] ?? new Float32Array() });
    expect(again.words.length).toBeGreaterThan(0);
  });

  it('goes on listening where a process before it has left off', async () => {
    const inference = await startProcess();
    const [half, end] = [512 * 100, 512 * 200];
    const [whole] = await inference.listen().hear([speech.slice(0, end)]);
    const listener = inference.listen();
    const first = listener.hear([speech.slice(0, half)]);
    const before = inference.pid;
    const recycled = inference.recycle();
    const second = listener.hear([speech.slice(half, end)]);
    await recycled;
    const parts = [...(await first), ...(await second)].flatMap((part) => [...part.probabilities]);
    expect(inference.pid).not.toBe(before);
    expect(parts).toEqual([...(whole?.probabilities ?? [])]);
  });

  it('rejects what was asked for just before it closes, and closes at once', async () => {
    const inference = await startProcess();
    const outcomes = Promise.allSettled(cut(3).map((samples) => inference.recognize({ samples })));
    await inference.close();
    expect((await outcomes).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  });

  it('does not outlive its parent', async () => {
    const entry = fileURLToPath(new URL('../fixtures/inference-parent.js', import.meta.url));
    const parent = fork(entry, [JSON.stringify(demoModel)], { stdio: 'inherit' });
    const [pid] = (await once(parent, 'message')) as [number];
    parent.kill('SIGKILL');
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  });
});

async function startProcess(options: { stallTimeoutMs?: number } = {}): Promise<InferenceProcess> {
  const started = await startInferenceProcess({ model: demoModel, laneCount: 1, ...options });
  opened = started;
  return started;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
