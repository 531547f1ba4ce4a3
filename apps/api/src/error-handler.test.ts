import { CodedError } from '@stenofleet/shared/errors';
import { describe, expect, it } from 'vitest';
import { toAnswer } from './error-handler.js';

describe('toAnswer', () => {
  it('gives coded errors their status', () => {
    const answer = toAnswer(new CodedError('JOB_NOT_FOUND', 'None.', { field: 'id' }));
    expect(answer).toEqual({
      status: 404,
      error: { code: 'JOB_NOT_FOUND', message: 'None.', retryable: false, field: 'id' },
    });
  });

  it.each([
    new Error('secret in a message'),
    new TypeError('x is not a function'),
    'a string',
    null,
    new CodedError('INTERNAL', 'secret'),
    new CodedError('CONFIG_INVALID', 'secret'),
    Object.assign(new Error('secret'), { statusCode: 500 }),
  ])('tells nothing of what should not have happened (%s)', (error) => {
    const answer = toAnswer(error);
    expect(answer).toMatchObject({ status: 500, error: { code: 'INTERNAL' } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  it('says that Redis is away', () => {
    expect(toAnswer(new Error('Command timed out'))).toMatchObject({
      status: 503,
      error: { code: 'REDIS_UNAVAILABLE', retryable: true },
    });
  });

  it('puts the framework’s refusals in our words', () => {
    const error = Object.assign(new Error('Unexpected token s in JSON "secret"'), {
      statusCode: 400,
    });
    expect(toAnswer(error)).toMatchObject({ status: 400, error: { code: 'REQUEST_INVALID' } });
    expect(JSON.stringify(toAnswer(error))).not.toContain('secret');
    expect(toAnswer(Object.assign(new Error('x'), { statusCode: 413 }))).toMatchObject({
      status: 413,
      error: { code: 'REQUEST_TOO_LARGE' },
    });
  });
});
