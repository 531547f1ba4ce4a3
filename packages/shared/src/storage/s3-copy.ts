// Copies inside a bucket, without the content passing through here.

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { type ObjectInfo } from './object-store.js';

/** S3 copies no more in one request. */
export const MAX_COPY_BYTES = 5 * 1024 ** 3;
const MAX_PARTS = 10_000;

export type S3CopyOptions = {
  client: S3Client;
  bucket: string;
  /** The object as it is now; another by then fails with 412. */
  from: Pick<ObjectInfo, 'bytes' | 'etag'>;
  /** A copy in one request keeps it by itself. */
  contentType: string | undefined;
  /** With the store's prefix, as below. */
  fromKey: string;
  toKey: string;
  /** Larger objects are copied in parts of at most this many. */
  maxCopyBytes: number;
  signal: AbortSignal | undefined;
};

export async function copyObject(options: S3CopyOptions): Promise<void> {
  const { client, bucket: Bucket, from, fromKey, toKey: Key, maxCopyBytes, signal } = options;
  if (from.bytes > maxCopyBytes) return copyInParts(options);
  await client.send(
    new CopyObjectCommand({
      Bucket,
      Key,
      CopySource: copySource(Bucket, fromKey),
      CopySourceIfMatch: `"${from.etag}"`,
    }),
    signal && { abortSignal: signal },
  );
}

async function copyInParts(options: S3CopyOptions): Promise<void> {
  const { client, bucket: Bucket, from, fromKey, toKey: Key, contentType } = options;
  const { maxCopyBytes, signal } = options;
  const send = signal ? { abortSignal: signal } : {};
  const partBytes = Math.max(maxCopyBytes, Math.ceil(from.bytes / MAX_PARTS));
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      Bucket,
      Key,
      ...(contentType !== undefined && { ContentType: contentType }),
    }),
    send,
  );
  try {
    const parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (let start = 0; start < from.bytes; start += partBytes) {
      const PartNumber = parts.length + 1;
      const end = Math.min(start + partBytes, from.bytes);
      const { CopyPartResult } = await client.send(
        new UploadPartCopyCommand({
          Bucket,
          Key,
          UploadId,
          PartNumber,
          CopySource: copySource(Bucket, fromKey),
          CopySourceIfMatch: `"${from.etag}"`,
          CopySourceRange: `bytes=${start}-${end - 1}`,
        }),
        send,
      );
      parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
    await client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts: parts },
      }),
      send,
    );
  } catch (error) {
    // The error that counts is the first; the store's lifecycle rules take what stays behind.
    await client
      .send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
      .catch(() => undefined);
    throw error;
  }
}

function copySource(bucket: string, key: string): string {
  return `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}
