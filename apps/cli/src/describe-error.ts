/** An error of any package, as the user gets it. */
export type ErrorReport = { code: string; message: string; retryable: boolean };

/** Codes of whoever was told to stop. */
const CANCELLED_CODES: readonly string[] = ['CANCELLED', 'MODEL_CANCELLED'];

/** What is wrong with the command itself: nothing was started, and repeating it will not help. */
const USAGE_CODES: readonly string[] = [
  'CONFIG_INVALID',
  'OPTION_INVALID',
  'MODEL_UNKNOWN',
  'MODEL_UNKNOWN_TIER',
  'MODEL_NOT_INSTALLED',
  'MODEL_FAMILY_UNKNOWN',
  'MODEL_PARITY_FAILED',
  'MODEL_SWITCH_INVALID',
  'LANGUAGE_UNSUPPORTED',
  'LANGUAGE_REQUIRED',
];

/** The packages' errors share a shape, not a class; anything else is a fault of the program. */
export function describeError(error: unknown): ErrorReport {
  if (isCoded(error)) {
    return { code: error.code, message: error.message, retryable: error.retryable };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'INTERNAL',
    message: `Unexpected: ${message} (STENO_DEBUG=1 shows where).`,
    retryable: false,
  };
}

export function isCancellation(error: unknown): boolean {
  return isCoded(error) && CANCELLED_CODES.includes(error.code);
}

export function isUsageError(error: unknown): boolean {
  return isCoded(error) && USAGE_CODES.includes(error.code);
}

/** `ENOENT`, `EACCES` … of a failed system call. */
export function getSystemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function isCoded(error: unknown): error is Error & ErrorReport {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    'retryable' in error &&
    typeof error.retryable === 'boolean'
  );
}
