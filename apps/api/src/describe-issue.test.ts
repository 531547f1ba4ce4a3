import { batchRequestSchema, jobRequestSchema } from '@stenofleet/shared/job';
import { describe, expect, it } from 'vitest';
import { describeZodIssue } from './describe-issue.js';

function describeFirst(
  schema: typeof jobRequestSchema | typeof batchRequestSchema,
  value: unknown,
) {
  const [issue] = schema.safeParse(value).error?.issues ?? [];
  if (!issue) throw new Error('It is accepted.');
  return describeZodIssue(issue, 'body');
}

describe('describeZodIssue', () => {
  it.each([
    [{}, 'source', 'source: is missing.'],
    [7, 'body', 'body: expected object, received number.'],
    [{ source: 'x', nope: 1 }, 'nope', 'nope: there is no such field.'],
    [{ source: 'x', output: { nope: 1 } }, 'output.nope', 'output.nope: there is no such field.'],
    [
      { source: 'x', output: { name: 'a/b' } },
      'output.name',
      'output.name: a file name without slashes and control characters.',
    ],
  ])('names the field of %j', (value, field, message) => {
    expect(describeFirst(jobRequestSchema, value)).toEqual({ field, message });
  });

  it('enters the variant of a union that fits best', () => {
    const describeInput = (input: unknown) => describeFirst(batchRequestSchema, { input });
    expect(describeInput({ items: [{ source: 'x' }, {}] })).toMatchObject({
      field: 'input.items.1.source',
    });
    expect(describeInput({ prefix: 's3://b', include: [7] })).toMatchObject({
      field: 'input.include.0',
    });
    expect(describeInput({ prefix: 's3://b', nope: 1 })).toMatchObject({ field: 'input.nope' });
  });
});
