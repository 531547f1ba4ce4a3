// A recording that is sent to the API: streamed to storage while it is hashed, then filed under its content.

import { CodedError } from '@stenofleet/shared/errors';
import { sanitizeName } from '@stenofleet/shared/source';
import { uploadKey, UPLOADS_PREFIX } from '@stenofleet/shared/storage';
import { createHash, randomUUID } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ApiDependencies } from './dependencies.js';

export type Upload = {
  /** `upload:<tenant>/<sha256>/<file name>`: what a job names as its source. */
  source: string;
  name: string;
  bytes: number;
  sha256: string;
};

/**
 * Bounded memory, whatever the length. What is not received whole leaves nothing.
 * @throws CodedError `REQUEST_TOO_LARGE`, `REQUEST_INVALID` (empty), `STORE_…`
 */
export async function receiveUpload(
  content: Readable,
  {
    tenant,
    fileName,
    dependencies: { storage, config },
  }: {
    tenant: string;
    fileName: string;
    dependencies: Pick<ApiDependencies, 'storage' | 'config'>;
  },
): Promise<Upload> {
  const name = sanitizeName(fileName);
  const meter = createMeter(config.maxUploadBytes);
  const temporary = `${UPLOADS_PREFIX}${tenant}/incoming-${randomUUID()}`;
  try {
    // Both to their end: what one leaves behind is not removed while the other still writes.
    const outcomes = await Promise.allSettled([
      passOn(content, meter.stream),
      // A store that gives up reads no further: without this the sender would wait for ever.
      storage.put(temporary, meter.stream).catch((error: unknown) => {
        meter.stream.destroy(error instanceof Error ? error : undefined);
        throw error;
      }),
    ]);
    const failure = outcomes.find(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') throw failure.reason as Error;
    const { bytes, sha256 } = meter.finish();
    if (bytes === 0) {
      throw new CodedError('REQUEST_INVALID', 'file: it is empty.', { field: 'file' });
    }
    const key = uploadKey(tenant, sha256);
    // Also where it is there already: its age says how long nobody has asked for it, and old ones are swept.
    await storage.copy(temporary, key);
    return {
      source: `upload:${tenant}/${sha256}/${encodeURIComponent(name)}`,
      name,
      bytes,
      sha256,
    };
  } finally {
    await storage.delete([temporary]).catch(() => undefined);
  }
}

/** What goes wrong with the content itself is the sender's. */
async function passOn(content: Readable, meter: Transform): Promise<void> {
  let broken: unknown;
  content.once('error', (error) => (broken = error));
  try {
    await pipeline(content, meter);
  } catch (error) {
    if (error !== broken || error instanceof CodedError) throw error;
    throw new CodedError('REQUEST_INVALID', 'file: it broke off before its end.', {
      field: 'file',
      cause: error,
    });
  }
}

function createMeter(maxBytes: number) {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        done(
          new CodedError('REQUEST_TOO_LARGE', `file: it is larger than ${maxBytes} bytes.`, {
            field: 'file',
            details: { maxBytes },
          }),
        );
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, finish: () => ({ bytes, sha256: hash.digest('hex') }) };
}
