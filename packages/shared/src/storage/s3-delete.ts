import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { errorFacts, isNotImplemented } from './s3-errors.js';

const MAX_AT_ONCE = 1000;
const SINGLY_AT_ONCE = 8;
/** Of stores that want a checksum which the SDK no longer sends, or have no batch delete at all. */
const BATCH_REFUSALS = ['MissingContentMD5', 'InvalidRequest', 'MethodNotAllowed', 'InvalidDigest'];

export type DeleteKeys = (keys: readonly string[], signal?: AbortSignal) => Promise<void>;

/** Deletes in batches, or one by one where the store refuses these. Keys are the bucket's. */
export function createDeleteKeys(client: S3Client, bucket: string): DeleteKeys {
  let batches = true;

  async function deleteBatch(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
      }),
      signal && { abortSignal: signal },
    );
    // The answer as a whole is a success: asked for alone, a key gets an error that says what is wrong, or is deleted.
    await deleteSingly(
      Errors.flatMap(({ Key = [] }) => Key),
      signal,
    );
  }

  async function deleteSingly(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    for (let i = 0; i < keys.length; i += SINGLY_AT_ONCE) {
      const batch = keys.slice(i, i + SINGLY_AT_ONCE);
      await Promise.all(batch.map((key) => deleteOne(key, signal)));
    }
  }

  async function deleteOne(Key: string, signal?: AbortSignal): Promise<void> {
    try {
      const command = new DeleteObjectCommand({ Bucket: bucket, Key });
      await client.send(command, signal && { abortSignal: signal });
    } catch (error) {
      if (errorFacts(error).name !== 'NoSuchKey') throw error;
    }
  }

  return async (keys, signal) => {
    for (let i = 0; i < keys.length; i += MAX_AT_ONCE) {
      const batch = keys.slice(i, i + MAX_AT_ONCE);
      if (!batches || batch.length === 1) {
        await deleteSingly(batch, signal);
        continue;
      }
      try {
        await deleteBatch(batch, signal);
      } catch (error) {
        const facts = errorFacts(error);
        if (!isNotImplemented(facts) && !BATCH_REFUSALS.includes(facts.name ?? '')) throw error;
        batches = false;
        await deleteSingly(batch, signal);
      }
    }
  };
}
