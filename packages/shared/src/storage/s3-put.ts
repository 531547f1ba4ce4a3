// Writing to S3: whole objects in one request, streams in parts.

import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  HeadObjectCommand,
  type PutObjectCommandInput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { errorFacts, isConditionConflict, isPreconditionFailure } from './s3-errors.js';
import { type TakenContent } from './stored-content.js';

/** With S3's 10,000 parts: streams up to 160 GB. */
const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 2;
const MAX_CONFLICTS = 10;
const CONFLICT_PAUSE_MS = 100;
/** Metadata by which a create knows its own object again. */
const CREATOR = 'stenofleet-creator';

export type S3Target = {
  client: S3Client;
  Bucket: string;
  Key: string;
  contentType: string | undefined;
  signal: AbortSignal | undefined;
};

export async function putWhole(content: Buffer | string, target: S3Target): Promise<void> {
  await target.client.send(new PutObjectCommand({ ...toInput(target), Body: content }), {
    ...(target.signal && { abortSignal: target.signal }),
  });
}

/** Answers false where there is an object that is not ours. */
export async function createWhole(content: Buffer | string, target: S3Target): Promise<boolean> {
  const { client, Bucket, Key, signal } = target;
  const send = signal ? { abortSignal: signal } : {};
  const creator = randomUUID();
  const command = () =>
    new PutObjectCommand({
      ...toInput(target),
      Body: content,
      IfNoneMatch: '*',
      Metadata: { [CREATOR]: creator },
    });
  for (let attempt = 1; ; attempt++) {
    try {
      await client.send(command(), send);
      return true;
    } catch (error) {
      const facts = errorFacts(error);
      if (isConditionConflict(facts) && attempt < MAX_CONFLICTS) {
        await delay(CONFLICT_PAUSE_MS * Math.random() * attempt, undefined, signal && { signal });
        continue;
      }
      if (!isPreconditionFailure(facts)) throw error;
      if (attempt === 1 && facts.attempts === 1) return false;
      // A first try may have been done although its answer was lost: then we met our own object.
      const { Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key }), send);
      return Metadata?.[CREATOR] === creator;
    }
  }
}

/** Memory: a few parts. What was sent is given up where the stream or a part fails. */
export async function putStream(content: TakenContent, target: S3Target): Promise<void> {
  const { client, signal } = target;
  const upload = new Upload({
    client: abortableClient(client, signal),
    params: { ...toInput(target), Body: Readable.from(content.chunks(), { objectMode: false }) },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
    leavePartsOnError: false,
  });
  await upload.done();
}

/**
 * `Upload` does not pass its own abort on to requests under way, and answers before the parts are given up. So the signal
 * goes to each request instead (and to the content), and `done` ends when all is over.
 */
function abortableClient(client: S3Client, signal: AbortSignal | undefined): S3Client {
  if (signal === undefined) return client;
  const send = (command: Parameters<S3Client['send']>[0]) =>
    command instanceof AbortMultipartUploadCommand
      ? client.send(command)
      : client.send(command, { abortSignal: signal });
  return Object.create(client, { send: { value: send } }) as S3Client;
}

function toInput({ Bucket, Key, contentType }: S3Target): PutObjectCommandInput {
  return { Bucket, Key, ...(contentType !== undefined && { ContentType: contentType }) };
}
