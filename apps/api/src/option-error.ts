/** An option of a request that the wanted model does not have. Codes of the packages that would refuse it later. */
export class OptionError extends Error {
  readonly code:
    'MODEL_UNKNOWN' | 'MODEL_UNKNOWN_TIER' | 'LANGUAGE_UNSUPPORTED' | 'LANGUAGE_REQUIRED';
  readonly retryable = false;
  readonly field: string;
  readonly details: Record<string, unknown>;

  constructor(
    code: OptionError['code'],
    message: string,
    { field, details = {} }: { field: string; details?: Record<string, unknown> },
  ) {
    super(message);
    this.name = 'OptionError';
    this.code = code;
    this.field = field;
    this.details = details;
  }
}
