// Jobs and batches as the API shows them; the command line reads them with the same schemas.

import { z } from 'zod';
import { wireErrorSchema } from '../errors/wire-error.js';
import { batchRecordSchema } from './batch.js';
import {
  type JobPlan,
  type JobRecord,
  isFinal,
  jobRecordSchema,
  jobSpecSchema,
} from './job-record.js';
import { outputFormats, priorities } from './job-request.js';

export const jobViewSchema = z.object({
  id: z.string(),
  status: jobRecordSchema.shape.status,
  batch: z.string().optional(),
  source: jobSpecSchema.shape.source,
  model: z.string(),
  tier: z.string(),
  language: z.string().optional(),
  channels: z.enum(['mix', 'separate']),
  /** These three as far as they were asked for. */
  punctuation: z.boolean().optional(),
  inverseTextNormalization: z.boolean().optional(),
  betterTier: z.boolean().optional(),
  formats: z.array(z.enum(outputFormats)),
  output: z.object({ prefix: z.string(), name: z.string() }),
  priority: z.enum(priorities),
  metadata: z.record(z.string(), z.string()),
  progress: z.object({
    step: jobRecordSchema.shape.step,
    doneSeconds: z.number(),
    audioSeconds: z.number().optional(),
    /** From the speed measured so far; absent until there is one. */
    secondsLeft: z.number().optional(),
  }),
  attempts: z.number(),
  error: wireErrorSchema.optional(),
  result: jobRecordSchema.shape.result,
  createdAt: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
});
export type JobView = z.infer<typeof jobViewSchema>;

export const batchViewSchema = batchRecordSchema
  .omit({
    tenant: true,
    request: true,
    requestFingerprint: true,
    cursor: true,
    createdAtMs: true,
    startedAtMs: true,
    finishedAtMs: true,
  })
  .extend({
    metadata: z.record(z.string(), z.string()),
    secondsLeft: z.number().optional(),
    /** The cost line; absent until something is transcribed. */
    cpuHoursPerAudioHour: z.number().optional(),
    createdAt: z.string(),
    finishedAt: z.string().optional(),
  });
export type BatchView = z.infer<typeof batchViewSchema>;

export function toJobView(record: JobRecord, nowMs: number): JobView {
  const { spec, status, audioSeconds, doneSeconds } = record;
  const secondsLeft = isFinal(status) ? undefined : estimateSecondsLeft(record, nowMs);
  return {
    id: spec.id,
    status,
    ...(spec.batch !== undefined && { batch: spec.batch }),
    source: spec.source,
    model: spec.plan.model,
    tier: spec.plan.tier,
    ...(spec.plan.language !== undefined && { language: spec.plan.language }),
    channels: spec.plan.channels,
    ...describeWishes(spec.plan),
    formats: spec.plan.formats,
    output: { prefix: spec.output.prefix, name: spec.output.name },
    priority: spec.priority,
    metadata: spec.metadata,
    progress: {
      ...(record.step !== undefined && { step: record.step }),
      doneSeconds,
      ...(audioSeconds !== undefined && { audioSeconds }),
      ...(secondsLeft !== undefined && { secondsLeft }),
    },
    attempts: record.attempt - (record.returns ?? 0),
    ...(record.error && { error: record.error }),
    ...(record.result && { result: record.result }),
    createdAt: new Date(spec.createdAtMs).toISOString(),
    ...(record.startedAtMs !== undefined && {
      startedAt: new Date(record.startedAtMs).toISOString(),
    }),
    ...(record.finishedAtMs !== undefined && {
      finishedAt: new Date(record.finishedAtMs).toISOString(),
    }),
  };
}

function describeWishes({ punctuation, inverseTextNormalization, betterTier }: JobPlan) {
  return {
    ...(punctuation !== undefined && { punctuation }),
    ...(inverseTextNormalization !== undefined && { inverseTextNormalization }),
    ...(betterTier !== undefined && { betterTier }),
  };
}

/** Seconds until the rest is done at the speed so far; undefined while nothing is. */
export function estimateSecondsLeft(
  progress: {
    doneSeconds: number;
    audioSeconds?: number | undefined;
    startedAtMs?: number | undefined;
  },
  nowMs: number,
): number | undefined {
  const { doneSeconds, audioSeconds, startedAtMs } = progress;
  if (audioSeconds === undefined || startedAtMs === undefined || doneSeconds <= 0) return undefined;
  const speed = doneSeconds / Math.max(1, (nowMs - startedAtMs) / 1000);
  return Math.max(0, audioSeconds - doneSeconds) / speed;
}
