// How this project talks to any S3 store.

import { S3Client } from '@aws-sdk/client-s3';

export type S3Credentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
};

export type S3Settings = {
  /** Such as `http://127.0.0.1:9000`. @defaultValue Amazon's, by region */
  endpoint?: string | undefined;
  /** The endpoint in addresses for others (`presign`), where they reach the store by another name. @defaultValue `endpoint` */
  presignEndpoint?: string | undefined;
  /** @defaultValue 'us-east-1' */
  region?: string | undefined;
  /** @defaultValue what the SDK finds: environment, profile, role of the machine */
  credentials?: S3Credentials | undefined;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. @defaultValue true where an endpoint is given */
  forcePathStyle?: boolean | undefined;
  /** Ends a connection on which no byte moves for this long. @defaultValue 30000 */
  idleTimeoutMs?: number | undefined;
  /** @defaultValue 5000 */
  connectTimeoutMs?: number | undefined;
  /** Tries of one request, and of a body's rest without progress in between. @defaultValue 4 */
  maxAttempts?: number | undefined;
  /** Connections at once. @defaultValue 64 */
  maxSockets?: number | undefined;
};

export const S3_DEFAULTS = {
  region: 'us-east-1',
  idleTimeoutMs: 30_000,
  connectTimeoutMs: 5_000,
  maxAttempts: 4,
  maxSockets: 64,
} as const;

export function createS3Client({
  endpoint,
  region = S3_DEFAULTS.region,
  credentials,
  forcePathStyle = endpoint !== undefined,
  idleTimeoutMs = S3_DEFAULTS.idleTimeoutMs,
  connectTimeoutMs = S3_DEFAULTS.connectTimeoutMs,
  maxAttempts = S3_DEFAULTS.maxAttempts,
  maxSockets = S3_DEFAULTS.maxSockets,
}: S3Settings = {}): S3Client {
  return new S3Client({
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials: plain(credentials) }),
    region,
    forcePathStyle,
    maxAttempts,
    retryMode: 'standard',
    followRegionRedirects: true,
    // The SDK's own defaults send trailers that most stores but Amazon's refuse (411) or store as content.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // It opens a connection for each part, and waits 6 s where a store does not answer it.
    expectContinueHeader: false,
    // Its warnings go to the console otherwise. What matters comes as an error.
    logger: silent,
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      socketTimeout: idleTimeoutMs,
      httpAgent: { maxSockets },
      httpsAgent: { maxSockets },
    },
  });
}

const say = () => undefined;
const silent = { trace: say, debug: say, info: say, warn: say, error: say };

function plain({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials) {
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
