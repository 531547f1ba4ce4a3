import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AsrError } from '../errors.js';
import { type VadResult } from '../speech/silero-vad.js';
import { createLaneScheduler } from './lane-scheduler.js';
import { type DetectSpeechTask, type LaneResult, type RecognizeTask } from './messages.js';

describe('the lane scheduler', () => {
  it('never has more in the lanes than there are, and gives each request its own result', async () => {
    const { scheduler, tasks, finish } = createScheduler({ laneCount: 2, batchSize: 2 });
    const results = [5, 4, 3, 2, 1].map((length) => scheduler.recognize(segment(length)));
    expect(tasks).toHaveLength(2);
    while (tasks.length > 0) await finish();
    const lengths = (await Promise.all(results)).map(({ words }) => words[0]?.text);
    expect(lengths).toEqual(['5', '4', '3', '2', '1']);
    expect(await scheduler.getTimings()).toEqual({ runMs: 4, totalMs: 8 });
  });

  it('shares the time of a group among its segments by their length', async () => {
    const { scheduler, finish } = createScheduler({ batchSize: 3 });
    const first = scheduler.recognize(segment(9));
    const group = [3, 1, 0].map((length) => scheduler.recognize(segment(length)));
    await finish();
    await finish();
    expect((await first).computeMs).toBe(2);
    const shares = (await Promise.all(group)).map(({ computeMs }) => computeMs);
    expect(shares).toEqual([1.5, 0.5, 0]);
  });

  it('detects speech before it recognizes', async () => {
    const { scheduler, tasks, finish } = createScheduler();
    void scheduler.recognize(segment(1));
    void scheduler.recognize(segment(2));
    void scheduler.listen().hear(block());
    await finish();
    expect(tasks.map(({ kind }) => kind)).toEqual(['detectSpeech']);
    await finish();
    expect(tasks.map(({ kind }) => kind)).toEqual(['recognize']);
  });

  it('hears the blocks of a recording one behind the other, before it recognizes', async () => {
    const { scheduler, tasks, finish } = createScheduler({ laneCount: 2 });
    const listener = scheduler.listen();
    const answers = [1, 2, 3].map(() => listener.hear(block()));
    for (const length of [3, 2, 1]) void scheduler.recognize(segment(length));
    const kinds: string[] = [];
    while (tasks.length > 0) {
      kinds.push(tasks.map(({ kind }) => kind).join());
      await finish();
    }
    expect(kinds[0]).toBe('detectSpeech,recognize');
    expect(kinds[1]).toBe('recognize,detectSpeech');
    const heard = await Promise.all(answers);
    expect(heard.map(([result]) => result?.probabilities[0])).toEqual([0, 1, 2]);
  });

  it('goes on where a recording was left', async () => {
    const { scheduler, finish } = createScheduler();
    const state = { recurrent: new Float32Array([7]), context: new Float32Array(0) };
    const heard = scheduler.listen([state]).hear(block());
    await finish();
    expect((await heard)[0]?.probabilities[0]).toBe(7);
  });

  it('gives segments their turn after sixteen blocks', async () => {
    const { scheduler, tasks, finish } = createScheduler();
    const listener = scheduler.listen();
    for (let count = 0; count < 40; count++) void listener.hear(block());
    for (let length = 1; length < 10; length++) void scheduler.recognize(segment(length));
    const kinds: string[] = [];
    while (kinds.length < 36) {
      kinds.push(tasks[0]!.kind);
      await finish();
    }
    expect(kinds.indexOf('recognize')).toBe(16);
    expect(kinds.filter((kind) => kind === 'recognize')).toHaveLength(2);
  });

  it('judges no block behind one that failed or was cancelled', async () => {
    const { scheduler, tasks, finish, fail } = createScheduler();
    const listener = scheduler.listen();
    const answers = [1, 2].map(() => listener.hear(block()));
    const rejected = Promise.all(
      answers.map((answer) => expect(answer).rejects.toMatchObject({ message: 'broken' })),
    );
    await fail(new AsrError('INFERENCE_FAILED', 'broken'));
    await rejected;
    expect(tasks).toHaveLength(0);

    const other = scheduler.listen();
    const controller = new AbortController();
    const withdrawn = [other.hear(block(), controller.signal), other.hear(block())];
    const cancelled = Promise.all(
      withdrawn.map((answer) => expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })),
    );
    controller.abort();
    await finish();
    await cancelled;
    expect(tasks).toHaveLength(0);
  });

  it('fails with a lane what ran there, and goes on', async () => {
    const { scheduler, finish, fail } = createScheduler();
    const lost = expect(scheduler.recognize(segment(2))).rejects.toMatchObject({
      code: 'INFERENCE_FAILED',
    });
    const next = scheduler.recognize(segment(1));
    await fail(new AsrError('INFERENCE_FAILED', 'broken'));
    await lost;
    await finish();
    expect(await next).toMatchObject({ words: [{ text: '1' }] });
  });

  it('rejects at once what is cancelled, and asks the lane to stop', async () => {
    const { scheduler, tasks, finish } = createScheduler();
    const controller = new AbortController();
    const { signal } = controller;
    const [running, waiting] = [2, 1].map((length) =>
      scheduler.recognize({ ...segment(length), signal }),
    );
    const other = scheduler.recognize(segment(3));
    const detection = scheduler.listen().hear(block(), signal);
    controller.abort();
    for (const promise of [running, waiting, detection]) {
      await expect(promise).rejects.toMatchObject({ code: 'CANCELLED' });
    }
    expect((tasks[0]!.task as RecognizeTask).cancelFlag![0]).toBe(1);
    await finish();
    expect(tasks).toHaveLength(1);
    await finish();
    expect(await other).toMatchObject({ words: [{ text: '3' }] });
  });

  it('rejects all that waits when it closes, and ends only when the lanes are idle', async () => {
    const { scheduler, finish } = createScheduler();
    const running = scheduler.recognize(segment(2));
    const waiting = [scheduler.recognize(segment(1)), scheduler.listen().hear(block())];
    let isClosed = false;
    const closed = scheduler.close().then(() => (isClosed = true));
    for (const promise of waiting) {
      await expect(promise).rejects.toMatchObject({ code: 'CANCELLED' });
    }
    expect(isClosed).toBe(false);
    await finish();
    expect(await running).toMatchObject({ words: [{ text: '2' }] });
    await closed;
    await expect(scheduler.listen().hear(block())).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

type RunningTask = {
  kind: 'recognize' | 'detectSpeech';
  task: RecognizeTask | DetectSpeechTask;
  resolve: () => void;
  reject: (error: Error) => void;
};

/** A scheduler over lanes whose tasks end when the test says so. */
function createScheduler({ laneCount = 1, batchSize = 1 } = {}) {
  const tasks: RunningTask[] = [];
  const start = <Value>(task: Omit<RunningTask, 'resolve' | 'reject'>, value: Value) =>
    new Promise<Value>((resolve, reject) => {
      tasks.push({ ...task, resolve: () => resolve(value), reject });
    });
  const scheduler = createLaneScheduler(
    {
      recognize: (task) => start({ kind: 'recognize', task }, answer(task)),
      detectSpeech: (task) => start({ kind: 'detectSpeech', task }, judge(task)),
    },
    { laneCount, batchSize },
  );
  const settleFirst = (settle: (task: RunningTask) => void) => {
    settle(tasks.shift()!);
    return setImmediate();
  };
  return {
    scheduler,
    tasks,
    finish: () => settleFirst(({ resolve }) => resolve()),
    fail: (error: Error) => settleFirst(({ reject }) => reject(error)),
  };
}

/** Each result names the length of its segment. */
function answer({ segments }: RecognizeTask): LaneResult {
  return {
    results: segments.map(({ samples }) => ({
      words: [{ text: String(samples.length), confidence: 1 }],
      remarks: [],
    })),
    timings: { runMs: 1, totalMs: 2 },
  };
}

function segment(length: number) {
  return { samples: new Float32Array(length) };
}

function block() {
  return [new Float32Array(512)];
}

/** As a lane answers: each state tells how many blocks were heard before it. */
function judge({ streams }: DetectSpeechTask): VadResult[] {
  return streams.map(({ state: { recurrent, context } }) => ({
    probabilities: new Float32Array([recurrent[0]!]),
    state: { recurrent: new Float32Array([recurrent[0]! + 1]), context },
    computeMs: 1,
  }));
}
