// What is kept of a job between its steps, in scratch: the plan when all is prepared, and of each chunk its audio, its
// place, and its result or why there is none.

import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { guardKinds, guardOutcomes, wordTimings } from '@stenofleet/asr-core';
import { CodedError, wireErrorSchema } from '@stenofleet/shared/errors';
import { type ObjectStore, scratchKeys, scratchPrefix } from '@stenofleet/shared/storage';
import { z } from 'zod';

const position = z.number();
const segmentSchema = z.object({
  startSamples: position,
  endSamples: position,
  audioStartSamples: position,
  audioEndSamples: position,
  speechSamples: position,
});
const heardSchema = z.object({ channel: z.number(), segment: segmentSchema });

const chunkPlanSchema = z.object({
  plan: z.object({
    index: z.number(),
    startSamples: position,
    endSamples: position,
    segments: z.array(heardSchema),
  }),
  numChannels: z.number(),
});
/** What a host needs beside the audio in order to recognise a chunk. */
export type StoredChunk = z.infer<typeof chunkPlanSchema>;

const chunkResultSchema = z.object({
  segments: z.array(
    heardSchema.extend({
      words: z.array(
        z.object({
          text: z.string(),
          startSamples: position,
          endSamples: position,
          confidence: z.number(),
          timing: z.enum(wordTimings),
        }),
      ),
      guardEvents: z.array(
        z.object({
          guard: z.enum(guardKinds),
          outcome: z.enum(guardOutcomes),
          startSamples: position,
          endSamples: position,
        }),
      ),
    }),
  ),
  computeSeconds: z.number(),
});
export type StoredResult = z.infer<typeof chunkResultSchema>;

const chunkFailureSchema = z.object({
  error: wireErrorSchema,
  host: z.string(),
  model: z.string(),
  /** Of the inference process on this chunk. */
  crashes: z.number().optional(),
  failedAtMs: z.number(),
});
export type ChunkFailure = z.infer<typeof chunkFailureSchema>;

const planSchema = z.object({
  version: z.literal(1),
  chunks: z.array(
    z.object({
      startSamples: position,
      endSamples: position,
      /** With the silence before it: all chunks together are about as long as the recording. */
      audioSeconds: z.number(),
    }),
  ),
  prepared: z.object({
    durationSamples: position,
    speech: z.array(z.array(z.object({ startSamples: position, endSamples: position }))),
    levels: z.array(
      z.object({
        samples: z.number(),
        peak: z.number(),
        squareSum: z.number(),
        clippedSamples: z.number(),
        silentSamples: z.number(),
      }),
    ),
    computeSeconds: z.number(),
  }),
  /** Of the recording, for its document. */
  audio: z.object({
    bytes: z.number(),
    container: z.string(),
    codec: z.string(),
    sampleRateHz: z.number(),
    channels: z.number(),
    track: z.number(),
    damage: z
      .object({
        kind: z.enum(['truncated', 'corrupt']),
        atSamples: position,
        message: z.string(),
      })
      .optional(),
  }),
});
/** All that is known of a recording when it is prepared, apart from its words. */
export type StoredPlan = z.infer<typeof planSchema>;

/** One job's checkpoints of one plan, for one piece of work. All methods throw CodedError `STORE_…`. */
export interface Checkpoints {
  readPlan(): Promise<StoredPlan | undefined>;
  writePlan(plan: StoredPlan): Promise<void>;
  removePlan(): Promise<void>;

  hasChunk(index: number): Promise<boolean>;
  /** The plan is written after the audio: where it is, both are. */
  writeChunk(chunk: StoredChunk, flacPath: string): Promise<void>;
  /** Writes the audio to a local file. */
  fetchChunk(index: number, flacPath: string): Promise<StoredChunk>;

  hasResult(index: number): Promise<boolean>;
  readResult(index: number): Promise<StoredResult | undefined>;
  /** Keeps the first result there is, and answers it. */
  writeResult(index: number, result: StoredResult): Promise<StoredResult>;

  readFailure(index: number): Promise<ChunkFailure | undefined>;
  writeFailure(index: number, failure: ChunkFailure): Promise<void>;
  removeFailures(indexes: readonly number[]): Promise<void>;
}

export type CheckpointsOptions = { jobId: string; fingerprint: string; signal: AbortSignal };

export function createCheckpoints(
  storage: ObjectStore,
  { jobId, fingerprint, signal }: CheckpointsOptions,
): Checkpoints {
  const keys = scratchKeys(jobId, fingerprint);

  const has = async (key: string) => (await storage.head(key, signal)) !== undefined;
  const read = async <Value>(key: string, schema: z.ZodType<Value>): Promise<Value | undefined> => {
    try {
      const content = await storage.read(key, { signal });
      return schema.parse(JSON.parse(content.toString()));
    } catch (error) {
      if (error instanceof CodedError && error.code === 'STORE_NOT_FOUND') return undefined;
      throw error;
    }
  };
  const write = (key: string, value: unknown, when: 'any' | 'absent' = 'any') =>
    storage.put(key, JSON.stringify(value), { contentType: 'application/json', when, signal });

  return {
    readPlan: () => read(keys.plan, planSchema),
    async writePlan(plan) {
      await write(keys.plan, plan);
    },
    removePlan: () => storage.delete([keys.plan]),

    hasChunk: (index) => has(keys.chunkPlan(index)),
    async writeChunk(chunk, flacPath) {
      const { index } = chunk.plan;
      const audio = createReadStream(flacPath);
      await storage.put(keys.chunkAudio(index), audio, { contentType: 'audio/flac', signal });
      await write(keys.chunkPlan(index), chunk);
    },
    async fetchChunk(index, flacPath) {
      const chunk = await read(keys.chunkPlan(index), chunkPlanSchema);
      if (!chunk) throw missing(keys.chunkPlan(index));
      const { body } = await storage.get(keys.chunkAudio(index), { signal });
      await pipeline(body, createWriteStream(flacPath), { signal });
      return chunk;
    },

    hasResult: (index) => has(keys.chunkResult(index)),
    readResult: (index) => read(keys.chunkResult(index), chunkResultSchema),
    async writeResult(index, result) {
      const key = keys.chunkResult(index);
      const isFirst = await write(key, result, 'absent');
      return isFirst ? result : ((await read(key, chunkResultSchema)) ?? result);
    },

    readFailure: (index) => read(keys.chunkFailure(index), chunkFailureSchema),
    async writeFailure(index, failure) {
      await write(keys.chunkFailure(index), failure);
    },
    removeFailures: (indexes) => storage.delete(indexes.map(keys.chunkFailure)),
  };
}

/** All of a job's scratch, whatever plan it is of. */
export async function removeScratch(storage: ObjectStore, jobId: string): Promise<void> {
  await storage.deletePrefix(scratchPrefix(jobId));
}

function missing(key: string): CodedError {
  return new CodedError('STORE_NOT_FOUND', `${key} is not in storage any more.`);
}
