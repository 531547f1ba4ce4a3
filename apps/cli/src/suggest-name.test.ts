import { describe, expect, it } from 'vitest';
import { suggestName } from './suggest-name.js';

describe('suggestName', () => {
  it('finds the nearest name, and none where all are far', () => {
    expect(suggestName('STENO_LANE', ['STENO_MODEL', 'STENO_LANES'])).toBe('STENO_LANES');
    expect(suggestName('STENO_SOMETHING', ['STENO_MODEL', 'STENO_LANES'])).toBeUndefined();
  });
});
