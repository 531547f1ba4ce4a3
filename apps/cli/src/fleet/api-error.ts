import { type WireError } from '@stenofleet/shared/errors';
import { z } from 'zod';

/** What the API answers instead of a result: its own code and sentence. */
export class ApiError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  /** Of the HTTP answer. */
  readonly status: number;
  readonly field: string | undefined;

  constructor({ code, message, retryable, field }: WireError, status: number) {
    super(field === undefined ? message : `${message} (${field})`);
    this.name = 'ApiError';
    this.code = code;
    this.retryable = retryable;
    this.status = status;
    this.field = field;
  }
}

export const errorAnswerSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    retryable: z.boolean(),
    field: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
    requestId: z.string().optional(),
  }),
});
