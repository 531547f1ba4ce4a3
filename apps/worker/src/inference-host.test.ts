import { AsrError, type InferenceProcess, type MachineLimits } from '@stenofleet/asr-core';
import { describe, expect, it } from 'vitest';
import { createInferenceHost } from './inference-host.js';
import { makeModel, silentLog } from './testing/fakes.js';

const { signal } = new AbortController();
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A machine with so much memory, of which each open process takes 100 bytes. */
function createMachine(memoryBytes: number) {
  const open = new Set<number>();
  const log: string[] = [];
  let pids = 0;
  let privateBytes = 0;
  const host = createInferenceHost({
    log: silentLog,
    readLimits: () => {
      const availableBytes = memoryBytes - 100 * open.size;
      return Promise.resolve({
        cpus: 1,
        memoryBytes,
        availableBytes,
        isLimited: true,
      } satisfies MachineLimits);
    },
    start: () => {
      const pid = ++pids;
      open.add(pid);
      log.push(`open ${pid}`);
      const process: Partial<InferenceProcess> = {
        pid,
        readPrivateBytes: () => Promise.resolve(privateBytes),
        recycle: () => Promise.resolve(void log.push(`recycle ${pid}`)),
        close: () => {
          if (open.delete(pid)) log.push(`close ${pid}`);
          return Promise.resolve();
        },
      };
      return Promise.resolve(process as InferenceProcess);
    },
  });
  return { host, log, grow: (bytes: number) => (privateBytes = bytes) };
}

const [a, b, c] = ['a', 'b', 'c'].map((key) => makeModel({ key }));
if (!a || !b || !c) throw new Error('unreachable');

describe('the inference host', () => {
  it('opens a model at its first use, once for all who use it', async () => {
    const { host, log } = createMachine(100);
    const getPid = ({ pid }: InferenceProcess) => Promise.resolve(pid);
    expect(log).toEqual([]);
    const pids = await Promise.all([
      host.use(a, getPid, { signal }),
      host.use(a, getPid, { signal }),
    ]);
    expect(pids).toEqual([1, 1]);
    expect(host.getPid('a')).toBe(1);
    await host.close();
    expect(log).toEqual(['open 1', 'close 1']);
  });

  it('closes the model that was unused for longest where another needs room', async () => {
    const { host, log } = createMachine(200);
    const nothing = () => Promise.resolve();
    await host.use(a, nothing, { signal });
    await host.use(b, nothing, { signal });
    await host.use(a, nothing, { signal });
    await host.use(c, nothing, { signal });
    expect(log).toEqual(['open 1', 'open 2', 'close 2', 'open 3']);
  });

  it('does not open a model without room while all others are in use', async () => {
    const { host, log } = createMachine(100);
    let finish: () => void = () => undefined;
    const using = host.use(a, () => new Promise<void>((resolve) => (finish = resolve)), { signal });
    await settle();
    await expect(host.use(b, () => Promise.resolve(), { signal })).rejects.toMatchObject({
      code: 'MODEL_NO_ROOM',
      retryable: true,
    });
    finish();
    await using;
    await host.use(b, () => Promise.resolve(), { signal });
    expect(log).toEqual(['open 1', 'close 1', 'open 2']);
  });

  it('asks for room again after a crash, and replaces what has grown too large', async () => {
    const { host, log, grow } = createMachine(100);
    const crash = new AsrError('INFERENCE_CRASHED', 'gone');
    await expect(host.use(a, () => Promise.reject(crash), { signal })).rejects.toBe(crash);
    expect(log).toEqual(['open 1', 'close 1']);
    grow(a.maxPrivateBytes + 1);
    await host.use(a, () => Promise.resolve(), { signal });
    await settle();
    expect(log.slice(2)).toEqual(['open 2', 'recycle 2']);
  });

  it('lets go of who is stopped while a model is being opened', async () => {
    const { host } = createMachine(100);
    const controller = new AbortController();
    const using = host.use(a, () => Promise.resolve(), { signal: controller.signal });
    controller.abort(new Error('stopped'));
    await expect(using).rejects.toThrow('stopped');
  });
});
