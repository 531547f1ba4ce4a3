// One line of a manifest with the batch's defaults: what `submitJob` takes.

import { type WireError } from '@stenofleet/shared/errors';
import {
  type BatchRequest,
  batchItemSchema,
  type JobRequest,
  jobRequestSchema,
} from '@stenofleet/shared/job';
import { type SourceInfo } from '@stenofleet/shared/source';
import { type z } from 'zod';
import { describeZodIssue } from '../describe-issue.js';

/** An item of a batch's input, in its order. */
export type ManifestItem = {
  /** Counted from 1: line of a manifest, place in a list or a listing. */
  item: number;
  /** As written, shortened where it is unreasonably long. */
  source: string;
  /** Where reading goes on behind this item. */
  cursor: string;
} & (
  | { request: JobRequest; known?: SourceInfo & { relativePath: string }; error?: never }
  | { request?: never; error: WireError }
);

export type ResolvedItem =
  { request: JobRequest; error?: never } | { request?: never; error: WireError };

/** What an item does not say is left to the defaults. Errors name the field, such as `output.name`. */
export function resolveItem(raw: unknown, defaults: BatchRequest['defaults']): ResolvedItem {
  const parsed = batchItemSchema.safeParse(raw);
  if (!parsed.success) return { error: toWireIssue(parsed.error) };
  const item = parsed.data;
  const merged = jobRequestSchema.safeParse({
    ...defaults,
    ...item,
    output: { ...defaults.output, ...item.output },
    metadata: { ...defaults.metadata, ...item.metadata },
  });
  return merged.success ? { request: merged.data } : { error: toWireIssue(merged.error) };
}

/** The source of an item for the report, however wrong the item is. */
export function showSource(raw: unknown): string {
  const isObject = typeof raw === 'object' && raw !== null && Object.hasOwn(raw, 'source');
  const source = isObject ? (raw as { source: unknown }).source : undefined;
  const text = typeof source === 'string' ? source : '';
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

/** A line that cannot be read at all. */
export function refuseLine(number: number, why: string): WireError {
  return {
    code: 'MANIFEST_INVALID',
    message: `Line ${number} cannot be read: ${why}.`,
    retryable: false,
    details: { line: number },
  };
}

function toWireIssue({ issues: [issue] }: z.ZodError): WireError {
  const { field, message } = describeZodIssue(
    issue as Parameters<typeof describeZodIssue>[0],
    'item',
  );
  return { code: 'REQUEST_INVALID', message, retryable: false, field };
}
