// Every error of this package: a stable code, one plain sentence, and whether a retry can help.

/** Codes are never renamed or reused; `docs/errors.md` lists each with its remedy. */
export const asrErrors = {
  AUDIO_NOT_FOUND: { retryable: false },
  AUDIO_UNREADABLE: { retryable: false },
  AUDIO_NO_STREAM: { retryable: false },
  AUDIO_TRUNCATED: { retryable: false },
  AUDIO_ENCRYPTED: { retryable: false },
  AUDIO_EMPTY: { retryable: false },
  AUDIO_TOO_LONG: { retryable: false },
  AUDIO_TOO_LARGE: { retryable: false },
  AUDIO_TRACK_UNKNOWN: { retryable: false },
  AUDIO_DECODE_TIMEOUT: { retryable: true },
  AUDIO_DECODE_FAILED: { retryable: true },
  FFMPEG_MISSING: { retryable: false },
  LANGUAGE_UNSUPPORTED: { retryable: false },
  LANGUAGE_REQUIRED: { retryable: false },
  MODEL_FAMILY_UNKNOWN: { retryable: false },
  MODEL_FILE_UNREADABLE: { retryable: false },
  MODEL_CONTRACT_MISMATCH: { retryable: false },
  MODEL_SWITCH_INVALID: { retryable: false },
  INFERENCE_FAILED: { retryable: true },
  INFERENCE_CRASHED: { retryable: true },
  INFERENCE_TIMEOUT: { retryable: true },
  CANCELLED: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

export type AsrErrorCode = keyof typeof asrErrors;

/** An `AsrError` as it crosses a thread or process boundary, where classes are lost. */
export type WireError = {
  code: AsrErrorCode;
  message: string;
  retryable: boolean;
  details?: Record<string, unknown>;
};

export class AsrError extends Error {
  readonly code: AsrErrorCode;
  readonly retryable: boolean;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: AsrErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AsrError';
    this.code = code;
    this.retryable = asrErrors[code].retryable;
    this.details = options.details;
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.details && { details: this.details }),
    };
  }
}

/** Turns anything thrown in a lane or process into its wire form; what has no code becomes `INFERENCE_FAILED`. */
export function toWireError(error: unknown): WireError {
  if (error instanceof AsrError) return error.toWire();
  const message = error instanceof Error ? error.message : String(error);
  return new AsrError('INFERENCE_FAILED', `Inference failed: ${message}`).toWire();
}

export function fromWireError(wire: WireError): AsrError {
  return new AsrError(wire.code, wire.message, wire.details ? { details: wire.details } : {});
}

export function cancelled(): AsrError {
  return new AsrError('CANCELLED', 'The transcription was cancelled.');
}
