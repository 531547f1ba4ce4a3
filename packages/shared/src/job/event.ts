// What is told to those who follow a job or a batch.

import { z } from 'zod';
import { jobStatusSchema } from './job-record.js';

export const jobEventSchema = z.object({
  /** Position in the stream of events; resume with it. */
  id: z.string(),
  type: z.enum([
    'job.queued',
    'job.running',
    'job.progress',
    'job.done',
    'job.partial',
    'job.failed',
    'job.cancelled',
    'batch.progress',
    'batch.finished',
    'batch.cancelled',
    'batch.failed',
  ]),
  tenant: z.string(),
  job: z.string().optional(),
  batch: z.string().optional(),
  status: jobStatusSchema.optional(),
  step: z.string().optional(),
  doneSeconds: z.number().optional(),
  audioSeconds: z.number().optional(),
  code: z.string().optional(),
  atMs: z.number(),
});
export type FleetEvent = z.infer<typeof jobEventSchema>;
export type FleetEventType = FleetEvent['type'];
