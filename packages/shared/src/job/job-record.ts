// A job as the ledger keeps it.

import { z } from 'zod';
import { wireErrorSchema } from '../errors/wire-error.js';
import { jobOptionsSchema, outputFormats, priorities } from './job-request.js';

/**
 *     queued ──▶ running ──▶ done | partial | failed
 *       ▲ │         │ │
 *       │ └─────────┼─┴──▶ cancelled
 *       └───────────┘ handed back, or to be tried again; `retry` leads from failed, partial and cancelled to queued
 */
export const jobStatuses = ['queued', 'running', 'done', 'partial', 'failed', 'cancelled'] as const;
export const jobStatusSchema = z.enum(jobStatuses);
export type JobStatus = z.infer<typeof jobStatusSchema>;
export const finalStatuses = ['done', 'partial', 'failed', 'cancelled'] as const;
export function isFinal(status: JobStatus): boolean {
  return (finalStatuses as readonly string[]).includes(status);
}

/** The options with everything decided that a request may leave open. */
export const jobPlanSchema = jobOptionsSchema
  .omit({ webhook: true, metadata: true, priority: true, output: true })
  .extend({ model: z.string(), tier: z.string() });

export const jobSpecSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  batch: z.string().optional(),
  source: z.object({
    uri: z.string(),
    name: z.string(),
    bytes: z.number().optional(),
    /** What was seen at submission; the recording may not change until it is transcribed. */
    etag: z.string().optional(),
  }),
  plan: jobPlanSchema,
  output: z.object({
    /** Store address of the folder, such as `s3://bucket/out` or `file:///data/results/t/j`. */
    prefix: z.string(),
    /** Path below the prefix without extension. */
    name: z.string(),
    overwrite: z.boolean(),
  }),
  priority: z.enum(priorities),
  metadata: z.record(z.string(), z.string()),
  webhook: z.object({ url: z.string() }).optional(),
  /** Set where the client's key, not the content, made the id: what the key was used for. */
  requestFingerprint: z.string().optional(),
  /** ms since 1970. */
  createdAtMs: z.number(),
});
export type JobSpec = z.infer<typeof jobSpecSchema>;
export type JobPlan = z.infer<typeof jobPlanSchema>;

export const publishedFileSchema = z.object({
  format: z.enum(outputFormats),
  /** Address of the object. */
  url: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});
export type PublishedFile = z.infer<typeof publishedFileSchema>;

/** `<name>.manifest.json`: readers trust only what it names. */
export const resultManifestSchema = z.object({
  schema: z.literal('stenofleet.manifest'),
  version: z.literal(1),
  jobId: z.string(),
  tenant: z.string(),
  status: z.enum(['done', 'partial']),
  source: jobSpecSchema.shape.source,
  plan: jobPlanSchema,
  metadata: z.record(z.string(), z.string()),
  files: z.array(publishedFileSchema),
  audioSeconds: z.number(),
  speechSeconds: z.number(),
  words: z.number(),
  /** Seconds of CPU in inference lanes. */
  computeSeconds: z.number(),
  flags: z.array(z.object({ code: z.string(), message: z.string() })),
  /** The transcript's quality report in one line. */
  quality: z.string().optional(),
  gaps: z.array(z.object({ startSeconds: z.number(), endSeconds: z.number(), code: z.string() })),
  /** The attempt that published, counted from 1. */
  attempt: z.number(),
  versions: z.record(z.string(), z.string()),
  createdAt: z.string(),
  publishedAt: z.string(),
});
export type ResultManifest = z.infer<typeof resultManifestSchema>;

/** What the job came to. */
export const jobResultSchema = resultManifestSchema
  .pick({
    ...{ files: true, audioSeconds: true, words: true, computeSeconds: true },
    ...{ flags: true, quality: true },
  })
  .extend({
    manifestUrl: z.string(),
    gaps: resultManifestSchema.shape.gaps.default([]),
  });
export type JobResult = z.infer<typeof jobResultSchema>;

export const jobRecordSchema = z.object({
  spec: jobSpecSchema,
  status: jobStatusSchema,
  /** Fencing token: only the latest attempt may write. 0 before the first. */
  attempt: z.number(),
  /** How many of them only went on: with chunks that were done, or after a host that stopped had handed the job back. */
  returns: z.number().optional(),
  /** Number in the queue's order; see `queue/fair-ranks`. */
  rank: z.number(),
  /** Host that runs the latest attempt. */
  worker: z.string().optional(),
  step: z.enum(['fetch', 'prepare', 'recognize', 'assemble', 'publish']).optional(),
  /** Length of the recording's audio, as soon as it is known. */
  audioSeconds: z.number().optional(),
  /** Audio that is transcribed. */
  doneSeconds: z.number(),
  /** Of a final failure, or of the last attempt. */
  error: wireErrorSchema.optional(),
  result: jobResultSchema.optional(),
  startedAtMs: z.number().optional(),
  finishedAtMs: z.number().optional(),
  updatedAtMs: z.number(),
});
export type JobRecord = z.infer<typeof jobRecordSchema>;
export type JobStep = NonNullable<JobRecord['step']>;
