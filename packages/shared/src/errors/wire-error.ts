// An error as it is stored and sent: in a job's record, in an event, in an HTTP answer.

import { z } from 'zod';

export const wireErrorSchema = z.object({
  code: z.string().meta({ description: 'Stable; see docs/errors.md', example: 'AUDIO_UNREADABLE' }),
  message: z.string(),
  retryable: z.boolean(),
  field: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

/** Any error with a code of ours (of whichever package) as it is; all else is `INTERNAL`, without its message. */
export function toWireError(error: unknown): WireError {
  if (!(error instanceof Error) || !hasCode(error)) {
    return { code: 'INTERNAL', message: 'Something failed that should not.', retryable: false };
  }
  const { code, message, retryable, field, details } = error;
  return {
    code,
    message,
    retryable,
    ...(field !== undefined && { field }),
    ...(details !== undefined && { details }),
  };
}

type WithCode = Error & {
  code: string;
  retryable: boolean;
  field?: string;
  details?: Record<string, unknown>;
};

/** The packages do not know each other's classes; all of them carry these two. */
function hasCode(error: Error): error is WithCode {
  return (
    'code' in error &&
    typeof error.code === 'string' &&
    'retryable' in error &&
    typeof error.retryable === 'boolean'
  );
}
