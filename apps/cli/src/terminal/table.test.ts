import { describe, expect, it } from 'vitest';
import { createStyle } from './style.js';
import { formatTable } from './table.js';

describe('formatTable', () => {
  it('aligns columns, whatever their colors', () => {
    const { good } = createStyle(true);
    expect(
      formatTable([
        ['a', good('long'), 'x'],
        ['bbb', 'c'],
      ]),
    ).toEqual([`a    ${good('long')}  x`, 'bbb  c']);
  });
});
