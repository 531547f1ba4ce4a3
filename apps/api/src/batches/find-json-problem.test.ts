import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonProblem } from './find-json-problem.js';

describe('findJsonProblem', () => {
  it('finds nothing in what JSON.stringify writes', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__')),
        (value) => {
          expect(findJsonProblem(JSON.stringify(value))).toBeUndefined();
        },
      ),
    );
  });

  it.each([
    ['{"a":1,"a":2}', 'twice'],
    ['{"a":1,"\\u0061":2}', 'twice'],
    ['[{"b":{"a":[1,{"c":1,"c":2}]}}]', 'twice'],
    ['{"__proto__":1}', '__proto__'],
  ])('finds what is wrong with %s', (text, problem) => {
    expect(findJsonProblem(text)).toContain(problem);
  });

  it.each(['{"a":"b,\\"a\\":1","b":{"a":1},"c":[{"a":1},{"a":1}]}', '["a","a"]'])(
    'finds nothing wrong with %s',
    (text) => {
      expect(findJsonProblem(text)).toBeUndefined();
    },
  );
});
