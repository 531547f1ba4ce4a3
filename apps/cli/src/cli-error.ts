// Every error that this app itself raises: a stable code, one plain sentence, and whether a retry can help.

/** Codes are never renamed or reused; `docs/errors.md` lists each with its remedy. */
export const cliErrors = {
  API_UNAVAILABLE: { retryable: true },
  API_UNSUITABLE: { retryable: false },
  CONFIG_INVALID: { retryable: false },
  FLEET_FAILED: { retryable: false },
  FLEET_RUNNING: { retryable: false },
  OPTION_INVALID: { retryable: false },
  INPUT_EMPTY: { retryable: false },
  INPUT_UNREADABLE: { retryable: false },
  OUTPUT_COLLISION: { retryable: false },
  OUTPUT_EXISTS: { retryable: false },
  OUTPUT_UNWRITABLE: { retryable: false },
  PORT_TAKEN: { retryable: false },
  REDIS_MISSING: { retryable: false },
  SOURCE_FORBIDDEN: { retryable: false },
  SOURCE_NOT_FOUND: { retryable: false },
  SOURCE_TOO_LARGE: { retryable: false },
  SOURCE_UNAVAILABLE: { retryable: true },
} as const satisfies Record<string, { retryable: boolean }>;

export type CliErrorCode = keyof typeof cliErrors;

export class CliError extends Error {
  readonly code: CliErrorCode;
  readonly retryable: boolean;

  constructor(code: CliErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CliError';
    this.code = code;
    this.retryable = cliErrors[code].retryable;
  }
}
