import { describe, expect, it } from 'vitest';
import { CodedError } from '../errors/index.js';
import { toS3Error } from './s3-errors.js';

const context = { url: 's3://bucket/dir', key: 'a/b' };
const sdkError = (name: string, httpStatusCode: number) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
const networkError = (code: string) => Object.assign(new Error(code), { code });

describe('toS3Error', () => {
  it.each([
    ['STORE_NOT_FOUND', sdkError('NoSuchKey', 404)],
    ['STORE_NOT_FOUND', sdkError('NoSuchBucket', 404)],
    ['STORE_FORBIDDEN', sdkError('AccessDenied', 403)],
    ['STORE_FORBIDDEN', sdkError('SignatureDoesNotMatch', 403)],
    ['STORE_FORBIDDEN', sdkError('PermanentRedirect', 301)],
    ['STORE_FORBIDDEN', sdkError('InvalidBucketName', 400)],
    ['STORE_FORBIDDEN', Object.assign(new Error(), { name: 'CredentialsProviderError' })],
    ['STORE_FULL', sdkError('QuotaExceeded', 403)],
    ['STORE_FULL', sdkError('Anything', 507)],
    ['PATH_FORBIDDEN', sdkError('KeyTooLongError', 400)],
    ['SOURCE_CHANGED', sdkError('PreconditionFailed', 412)],
    ['STORE_UNAVAILABLE', sdkError('SlowDown', 503)],
    ['STORE_UNAVAILABLE', sdkError('RequestTimeout', 400)],
    ['STORE_UNAVAILABLE', sdkError('TooManyRequests', 429)],
    ['STORE_UNAVAILABLE', sdkError('SyntaxError', 200)],
    ['STORE_UNAVAILABLE', networkError('ECONNREFUSED')],
    ['STORE_UNAVAILABLE', networkError('EAI_AGAIN')],
    ['STORE_UNAVAILABLE', Object.assign(new Error(), { name: 'TimeoutError' })],
  ])('answers %s to %o', (code, error) => {
    expect(toS3Error(error, context)).toMatchObject({ code, cause: error });
  });

  it('leaves what it does not know, and what was told already, as it is', () => {
    for (const error of [new TypeError('a mistake'), new CodedError('STORE_FULL', 'told')]) {
      expect(toS3Error(error, context)).toBe(error);
    }
  });

  it('puts cancelling before all else', () => {
    const signal = AbortSignal.abort();
    expect(toS3Error(networkError('ECONNRESET'), { ...context, signal })).toMatchObject({
      code: 'JOB_CANCELLED',
    });
  });
});
