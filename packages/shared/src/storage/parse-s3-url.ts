import { CodedError } from '../errors/index.js';
import { checkKey } from './object-key.js';

export type S3Url = {
  /** Without trailing slash. */
  url: string;
  bucket: string;
  /** What stands before each key: empty, or ends in `/`. */
  keyPrefix: string;
};

/** Takes the prefix as it stands: nothing in it is percent-encoded. */
export function parseS3Url(url: string): S3Url {
  const match = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(url);
  const [, bucket, path = ''] = match ?? [];
  if (bucket === undefined) {
    throw new CodedError(
      'CONFIG_INVALID',
      `"${url}" is no storage address: s3://bucket or s3://bucket/prefix is accepted.`,
    );
  }
  const prefix = path.replace(/\/+$/, '');
  if (prefix === '') return { url: `s3://${bucket}`, bucket, keyPrefix: '' };
  checkKey(prefix);
  return { url: `s3://${bucket}/${prefix}`, bucket, keyPrefix: `${prefix}/` };
}
