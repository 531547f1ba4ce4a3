import { describe, expect, it } from 'vitest';
import { describeUsageError } from './describe-usage-error.js';

describe('describeUsageError', () => {
  it('gives the code', () => {
    expect(describeUsageError("error: missing required argument 'recordings'\n")).toBe(
      "OPTION_INVALID: missing required argument 'recordings'\n",
    );
  });

  it('says how to name a recording that looks like an option', () => {
    expect(describeUsageError("error: unknown option '-x.mp3'\n")).toBe(
      "OPTION_INVALID: unknown option '-x.mp3': a recording of that name is named as ./-x.mp3, or after --\n",
    );
  });

  it('leaves it at the suggestion where an option was mistyped', () => {
    const text = "error: unknown option '--formts'\n(Did you mean --formats?)\n";
    expect(describeUsageError(text)).not.toContain('after --');
  });
});
