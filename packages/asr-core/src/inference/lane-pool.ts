import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { AsrError, fromWireError } from '../errors.js';
import { findSileroVadFile } from '../runtime/vad-file.js';
import { type VadResult, type VadStream } from '../speech/silero-vad.js';
import { planAudioBudget } from './audio-budget.js';
import { type Inference } from './inference.js';
import { createLaneScheduler } from './lane-scheduler.js';
import {
  type DetectSpeechTask,
  type LaneDescription,
  type LaneOptions,
  type LaneResult,
  type RecognizeTask,
  type Reply,
} from './messages.js';

export type LanePoolOptions = Omit<LaneOptions, 'vadPath'> & {
  laneCount: number;
  /** @defaultValue the Silero v6 graph of the installed @ricky0123/vad-web */
  vadPath?: string;
};

const YOUNG_GENERATION_MB = 16;

/**
 * Opens inference lanes as threads of this process. A thread inside a model run must never be ended, so there is no
 * time-out here: where one is needed, use {@link startInferenceProcess}.
 * @throws AsrError `MODEL_…`
 */
export async function openLanePool({
  model,
  laneCount,
  vadPath = findSileroVadFile(),
  pulse,
}: LanePoolOptions): Promise<Inference> {
  const piscina = new Piscina({
    filename: new URL(`./inference-lane${extname(import.meta.url)}`, import.meta.url).href,
    minThreads: laneCount,
    maxThreads: laneCount,
    // Otherwise a lane without a task sleeps through the opening of its sessions until its first task.
    atomics: 'disabled',
    workerData: { model, vadPath, ...(pulse && { pulse }) } satisfies LaneOptions,
    // A lane makes little garbage that lives: the default lets each thread keep 48 MB of it.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  const run = async <Value>(
    name: string,
    task?: RecognizeTask | DetectSpeechTask,
    audio: readonly Float32Array[] = [],
  ): Promise<Value> => {
    const transferList = [...new Set(audio.map(({ buffer }) => buffer as ArrayBuffer))];
    let reply: Reply<Value>;
    try {
      reply = (await piscina.run(task, { name, transferList })) as Reply<Value>;
    } catch (cause) {
      throw new AsrError('INFERENCE_FAILED', 'An inference lane failed.', { cause });
    }
    if (!reply.ok) throw fromWireError(reply.error);
    return reply.value;
  };
  // One task for each lane: all are open, or the pool is not.
  const openings = Array.from({ length: laneCount }, () => run<LaneDescription>('describe'));
  const [description] = await Promise.all(openings).catch(async (error: unknown) => {
    await Promise.allSettled(openings);
    await piscina.close();
    throw error;
  });
  const { capabilities, batchSize } = description!;
  const scheduler = createLaneScheduler(
    {
      recognize: (task) =>
        run<LaneResult>(
          'recognize',
          task,
          task.segments.map(({ samples }) => samples),
        ),
      detectSpeech: (task) => {
        const streams = task.streams.map(copyStream);
        const audio = streams.map(({ samples }) => samples);
        return run<VadResult[]>('detectSpeech', { streams }, audio);
      },
    },
    { laneCount, batchSize },
  );
  const close = async () => {
    // First the scheduler: the pool itself does not reliably wait for threads that are inside a run.
    await scheduler.close();
    await piscina.close();
  };
  let closing: Promise<void> | undefined;

  return {
    ...scheduler,
    laneCount,
    capabilities,
    budget: planAudioBudget({ laneCount, capabilities }),
    close: () => (closing ??= close()),
  };
}

/** What a lane gets for good; arrays that are views of a larger buffer would take all of it along. */
function copyStream({ samples, state: { recurrent, context } }: VadStream): VadStream {
  return {
    samples: samples.slice(),
    state: { recurrent: recurrent.slice(), context: context.slice() },
  };
}
