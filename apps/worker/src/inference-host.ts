// The inference processes of this host: one for each model and tier, opened at first use, shared by jobs and chunks.
//
//     absent ──use──▶ opening ──▶ open ──crash──▶ absent (the next use opens it again)
//                        │          ├──no user, memory needed by another──▶ absent
//                        ▼          └──too much private memory──▶ recycled between two uses
//                      absent (no room, or it failed)

import {
  type InferenceProcess,
  type InferenceProcessOptions,
  type MachineLimits,
} from '@stenofleet/asr-core';
import { CodedError } from '@stenofleet/shared/errors';
import { type Log } from '@stenofleet/shared/log';
import { type CrashGate, createCrashGate } from './crash-gate.js';
import { isCrash } from './is-crash.js';
import { type ServedModel } from './served-models.js';

/** How long a process may finish what it has in hand when it is closed. */
const CLOSE_TIMEOUT_MS = 3_000;

export type UseOptions = {
  signal: AbortSignal;
  /** Whether it crashed the process before: then nothing else runs beside it. @defaultValue false */
  alone?: boolean;
};

export interface InferenceHost {
  /**
   * Works with a model's process.
   * @throws CodedError `MODEL_NO_ROOM`; AsrError `MODEL_…`, `INFERENCE_…`; the signal's reason
   */
  use<Value>(
    model: ServedModel,
    work: (inference: InferenceProcess) => Promise<Value>,
    options: UseOptions,
  ): Promise<Value>;
  getPid(key: string): number | undefined;
  /** Of all processes together. */
  readPrivateBytes(): Promise<number>;
  close(): Promise<void>;
}

export type InferenceHostDependencies = {
  start: (options: InferenceProcessOptions) => Promise<InferenceProcess>;
  readLimits: () => Promise<MachineLimits>;
  log: Log;
  /** ms since 1970. @defaultValue Date.now */
  now?: () => number;
};

/** How often its memory is looked at, in ms. */
const CHECK_EVERY_MS = 10_000;

type Slot = {
  model: ServedModel;
  gate: CrashGate;
  opening: Promise<InferenceProcess> | undefined;
  inference: InferenceProcess | undefined;
  users: number;
  lastUse: number;
  checkedAtMs: number;
};

export function createInferenceHost({
  start,
  readLimits,
  log,
  now = Date.now,
}: InferenceHostDependencies): InferenceHost {
  const slots = new Map<string, Slot>();
  let uses = 0;
  let isClosed = false;
  /** Room is looked for and taken by one model at a time. */
  let admission: Promise<unknown> = Promise.resolve();

  const getSlot = (model: ServedModel): Slot => {
    const known = slots.get(model.key);
    if (known) return known;
    const slot: Slot = {
      ...{ model, gate: createCrashGate(), users: 0, lastUse: 0, checkedAtMs: 0 },
      ...{ opening: undefined, inference: undefined },
    };
    slots.set(model.key, slot);
    return slot;
  };
  const forget = async (slot: Slot) => {
    const { inference } = slot;
    slot.inference = undefined;
    slot.opening = undefined;
    await inference?.close();
  };
  /** Closes models that nobody uses, the longest unused first, until there is room. */
  const makeRoom = async ({ key, memoryNeedBytes }: ServedModel) => {
    const idle = [...slots.values()]
      .filter((slot) => slot.inference && slot.users === 0)
      .sort((a, b) => a.lastUse - b.lastUse);
    const { availableBytes } = await readLimits();
    const idleBytes = idle.reduce((sum, { model }) => sum + model.memoryNeedBytes, 0);
    // Else all would be closed, and in vain.
    if (availableBytes + idleBytes < memoryNeedBytes) {
      throw noRoom(key, { memoryNeedBytes, availableBytes });
    }
    for (;;) {
      const { availableBytes } = await readLimits();
      if (availableBytes >= memoryNeedBytes) return;
      const unused = idle.shift();
      if (!unused) throw noRoom(key, { memoryNeedBytes, availableBytes });
      // Somebody may have come for it meanwhile.
      if (unused.users > 0) continue;
      log.info({ model: unused.model.key }, 'closed an unused model to make room');
      await forget(unused);
    }
  };
  const open = async (slot: Slot): Promise<InferenceProcess> => {
    const { model } = slot;
    const turn = admission.then(() => makeRoom(model));
    const opened = turn.then(() =>
      start({
        model: model.resolved.description,
        laneCount: model.laneCount,
        closeTimeoutMs: CLOSE_TIMEOUT_MS,
      }),
    );
    admission = opened.catch(() => undefined);
    const inference = await opened;
    if (isClosed) await inference.close();
    log.info(
      { model: model.key, lanes: model.laneCount, inferencePid: inference.pid },
      'model opened',
    );
    return inference;
  };
  const obtain = async (slot: Slot): Promise<InferenceProcess> => {
    const opening = (slot.opening ??= open(slot));
    try {
      const inference = await opening;
      if (slot.opening === opening) slot.inference = inference;
      return inference;
    } catch (error) {
      if (slot.opening === opening) slot.opening = undefined;
      throw error;
    }
  };
  /** Between two uses: what comes meanwhile waits for the new process. */
  const recycleIfLarge = async (slot: Slot) => {
    const { model, inference } = slot;
    // The system counts page by page: milliseconds that short jobs should not pay.
    if (now() - slot.checkedAtMs < CHECK_EVERY_MS) return;
    slot.checkedAtMs = now();
    const bytes = await inference?.readPrivateBytes();
    if (!inference || bytes === undefined || bytes <= model.maxPrivateBytes) return;
    log.warn(
      { model: model.key, megabytes: toMegabytes(bytes), most: toMegabytes(model.maxPrivateBytes) },
      'the inference process has grown too large and is replaced',
    );
    await inference.recycle();
  };

  return {
    async use(model, work, { signal, alone = false }) {
      const slot = getSlot(model);
      const useOpened = async () => {
        slot.users++;
        try {
          const inference = await raceAbort(obtain(slot), signal);
          try {
            return await work(inference);
          } catch (error) {
            // The next use asks for room again: a lack of it is what crashes most often. While others use it, it starts
            // anew by itself.
            if (isCrash(error) && slot.users === 1 && slot.inference === inference) {
              await forget(slot);
            }
            throw error;
          }
        } finally {
          slot.users--;
          slot.lastUse = ++uses;
        }
      };
      const value = await slot.gate.enter(useOpened, { alone, signal });
      // Not awaited: the result is there, and nothing is rejected by it.
      void recycleIfLarge(slot);
      return value;
    },
    getPid: (key) => slots.get(key)?.inference?.pid,
    async readPrivateBytes() {
      let total = 0;
      for (const { inference } of slots.values())
        total += (await inference?.readPrivateBytes()) ?? 0;
      return total;
    },
    async close() {
      isClosed = true;
      await Promise.all(
        [...slots.values()].map(async (slot) => {
          await slot.opening?.catch(() => undefined);
          await forget(slot);
        }),
      );
    },
  };
}

/** A large model takes a while to open, and who is stopped should not wait for it; it opens all the same. */
async function raceAbort<Value>(value: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) throw signal.reason;
  const settled = new AbortController();
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), {
      once: true,
      signal: settled.signal,
    });
  });
  try {
    return await Promise.race([value, stopped]);
  } finally {
    settled.abort();
    // Where the signal was faster, whoever asks next gets the failure.
    value.catch(() => undefined);
  }
}

function noRoom(
  key: string,
  { memoryNeedBytes, availableBytes }: { memoryNeedBytes: number; availableBytes: number },
): CodedError {
  const [need, available] = [memoryNeedBytes, availableBytes].map(toMegabytes);
  return new CodedError(
    'MODEL_NO_ROOM',
    `${key} needs about ${need ?? 0} MB of memory and ${available ?? 0} MB are free on this host. Give it more, or fewer lanes (STENO_LANES).`,
    { details: { model: key, memoryNeedBytes, availableBytes } },
  );
}

function toMegabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
