// Jobs that were submitted together: request, ledger, views.

import { z } from 'zod';
import { wireErrorSchema } from '../errors/wire-error.js';
import { jobOptionsSchema, saidOptionsSchema, saidRequestSchema } from './job-request.js';

const pattern = z.string().min(1).max(512);

/** One line of a manifest: a source with options that differ from the batch's. */
export const batchItemSchema = saidRequestSchema;
export type BatchItem = z.infer<typeof batchItemSchema>;

export const batchRequestSchema = z.strictObject({
  name: z.string().max(200).optional(),
  idempotencyKey: z.string().min(1).max(200).optional(),
  /** Options of every job that does not say otherwise. */
  defaults: saidOptionsSchema.default({}),
  metadata: jobOptionsSchema.shape.metadata,
  webhook: jobOptionsSchema.shape.webhook,
  /** Exactly one of these. */
  input: z.union([
    z.strictObject({ items: z.array(batchItemSchema).min(1).max(10_000) }),
    z.strictObject({
      /** Address of a JSONL or CSV file, or of one that was uploaded. */
      manifest: z.string().max(4096),
      format: z.enum(['jsonl', 'csv']).optional(),
    }),
    z.strictObject({
      prefix: z.string().max(2048),
      include: z.array(pattern).max(50).optional(),
      exclude: z.array(pattern).max(50).optional(),
    }),
  ]),
});
export type BatchRequest = z.infer<typeof batchRequestSchema>;
export type BatchRequestInput = z.input<typeof batchRequestSchema>;

/**
 *     expanding ──▶ running ──▶ finished
 *         │            └──▶ cancelled (when all its jobs are final)
 *         └──▶ failed (the manifest or prefix could not be read to its end; what was submitted goes on)
 */
export const batchStatuses = ['expanding', 'running', 'finished', 'cancelled', 'failed'] as const;

export const batchCountsSchema = z.object({
  queued: z.number(),
  running: z.number(),
  done: z.number(),
  partial: z.number(),
  failed: z.number(),
  cancelled: z.number(),
  /** Lines or objects that became no job; each is in the report. */
  refused: z.number(),
  /** Items that name the same recording and options as an earlier one: they share its job. */
  duplicates: z.number(),
});
export type BatchCounts = z.infer<typeof batchCountsSchema>;

export const batchRecordSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  name: z.string().optional(),
  request: batchRequestSchema,
  requestFingerprint: z.string().optional(),
  status: z.enum(batchStatuses),
  /** It is to end; its jobs are being cancelled. */
  cancelling: z.boolean(),
  counts: batchCountsSchema,
  /** Items read of the input so far; where expansion goes on. */
  itemsRead: z.number(),
  cursor: z.string().optional(),
  /** Known lengths, summed over its jobs. */
  audioSeconds: z.number(),
  doneSeconds: z.number(),
  computeSeconds: z.number(),
  failures: z.array(
    z.object({ code: z.string(), count: z.number(), examples: z.array(z.string()) }),
  ),
  error: wireErrorSchema.optional(),
  createdAtMs: z.number(),
  startedAtMs: z.number().optional(),
  finishedAtMs: z.number().optional(),
});
export type BatchRecord = z.infer<typeof batchRecordSchema>;

/** An item that became no job. */
export const refusedItemSchema = z.object({
  /** Counted from 1: line of a manifest, place in a list. */
  item: z.number(),
  source: z.string(),
  error: wireErrorSchema,
});
export type RefusedItem = z.infer<typeof refusedItemSchema>;
