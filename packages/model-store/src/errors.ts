// Every error of this package: a stable code, one plain sentence, and whether a retry can help.

/** Codes are never renamed or reused; `docs/errors.md` lists each with its remedy. */
export const modelStoreErrors = {
  MODEL_UNKNOWN: { retryable: false },
  MODEL_UNKNOWN_TIER: { retryable: false },
  MODEL_NOT_INSTALLED: { retryable: false },
  MODEL_MANIFEST_INVALID: { retryable: false },
  MODEL_LAYOUT_UNKNOWN: { retryable: false },
  MODEL_FILE_CORRUPT: { retryable: false },
  MODEL_CONFLICT: { retryable: false },
  MODEL_BUNDLED: { retryable: false },
  MODEL_PARITY_FAILED: { retryable: false },
  MODEL_LOCKED: { retryable: true },
  MODEL_GATED: { retryable: false },
  MODEL_SOURCE_NOT_FOUND: { retryable: false },
  MODEL_HUB_UNAVAILABLE: { retryable: true },
  MODEL_DISK_FULL: { retryable: false },
  MODEL_CACHE_UNWRITABLE: { retryable: false },
  MODEL_CANCELLED: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

export type ModelStoreErrorCode = keyof typeof modelStoreErrors;

export class ModelStoreError extends Error {
  readonly code: ModelStoreErrorCode;
  readonly retryable: boolean;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ModelStoreErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ModelStoreError';
    this.code = code;
    this.retryable = modelStoreErrors[code].retryable;
    this.details = options.details;
  }
}

/** Gives a full or unwritable disk its code; anything else comes back as it was thrown. */
export function toDiskError(error: unknown, path: string): unknown {
  const code = getSystemErrorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ModelStoreError(
      'MODEL_DISK_FULL',
      `The disk is full: ${path} could not be written. Free some space; a pull continues where it stopped.`,
      { details: { path }, cause: error },
    );
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new ModelStoreError(
      'MODEL_CACHE_UNWRITABLE',
      `${path} cannot be written (${code}). Check the permissions of the model folder.`,
      { details: { path }, cause: error },
    );
  }
  return error;
}

/** `ENOENT`, `EEXIST` … of a failed system call; undefined for anything else. */
export function getSystemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
