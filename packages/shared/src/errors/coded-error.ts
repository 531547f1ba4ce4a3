import { type FleetErrorCode, fleetErrors } from './error-codes.js';

export type CodedErrorOptions = {
  /** The part of a request that is wrong, such as `source` or `items.3.model`. */
  field?: string;
  details?: Record<string, unknown>;
  cause?: unknown;
};

/** An error a user may see: what failed, with which value, what is accepted. Holds no secret and no signed address. */
export class CodedError extends Error {
  readonly code: FleetErrorCode;
  readonly retryable: boolean;
  readonly field: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: FleetErrorCode,
    message: string,
    { field, details, cause }: CodedErrorOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CodedError';
    this.code = code;
    this.retryable = fleetErrors[code].retryable;
    this.field = field;
    this.details = details;
  }
}
