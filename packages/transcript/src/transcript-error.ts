/** What can go wrong in this package. Codes are never renamed or reused. */
export type TranscriptErrorCode = 'TRANSCRIPT_UNREADABLE' | 'CUE_RULES_INVALID';

/** The package's only error: same input, same error, so a retry never helps. */
export class TranscriptError extends Error {
  override readonly name = 'TranscriptError';
  readonly code: TranscriptErrorCode;
  readonly retryable = false;

  constructor(code: TranscriptErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
