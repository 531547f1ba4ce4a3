// A multipart form: one file and, for a job, its options.

import { type Multipart, type MultipartFile } from '@fastify/multipart';
import { CodedError } from '@stenofleet/shared/errors';
import { jobRequestSchema } from '@stenofleet/shared/job';
import { type FastifyRequest } from 'fastify';
import { type IncomingMessage } from 'node:http';
import { type ApiDependencies } from './dependencies.js';
import { describeZodIssue } from './describe-issue.js';
import { scanJson } from './scan-json.js';
import { receiveUpload, type Upload } from './receive-upload.js';

/** Of a body that is refused before its end. */
const MAX_REST_BYTES = 8 * 2 ** 20;
const REST_PATIENCE_MS = 2_000;

const optionsSchema = jobRequestSchema.omit({ source: true });

type FormDependencies = Pick<ApiDependencies, 'storage' | 'config'>;

/** The JSON request that a form with `options` and `file` stands for; options that come first are checked first. */
export function receiveJobForm(
  request: FastifyRequest,
  dependencies: FormDependencies,
): Promise<unknown> {
  return readingAway(request, () => readJobForm(request, dependencies));
}

/** A form with `file` only. */
export function receiveFileForm(
  request: FastifyRequest,
  dependencies: FormDependencies,
): Promise<Upload> {
  return readingAway(request, () => readFileForm(request, dependencies));
}

async function readJobForm(
  request: FastifyRequest,
  dependencies: FormDependencies,
): Promise<unknown> {
  let options: object = {};
  let upload: Upload | undefined;
  for await (const part of readParts(request)) {
    if (part.type === 'file') {
      upload = await receiveFile(part, { request, dependencies });
    } else if (part.fieldname === 'options') {
      if (part.valueTruncated) throw refuse('options', 'it is too long');
      options = parseOptions(part.value);
    } else {
      throw refuse(part.fieldname, 'a form has options and file only');
    }
  }
  if (upload === undefined) throw refuse('file', 'is missing');
  return { ...options, source: upload.source };
}

async function readFileForm(
  request: FastifyRequest,
  dependencies: FormDependencies,
): Promise<Upload> {
  if (!request.isMultipart()) throw refuse('body', 'a multipart form with a file is expected');
  let upload: Upload | undefined;
  for await (const part of readParts(request)) {
    if (part.type !== 'file') throw refuse(part.fieldname, 'there is no such field');
    upload = await receiveFile(part, { request, dependencies });
  }
  if (upload === undefined) throw refuse('file', 'is missing');
  return upload;
}

/**
 * Reads what a refused client is still sending, within limits, before it is answered: a connection that is closed while
 * it writes loses the answer.
 */
async function readingAway<Value>(
  { raw }: FastifyRequest,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!raw.complete && !raw.destroyed) {
      raw.unpipe();
      await readRest(raw);
    }
    throw error;
  }
}

function readRest(raw: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const settle = () => {
      clearTimeout(timer);
      raw.off('data', count);
      resolve();
    };
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_REST_BYTES) settle();
    };
    const timer = setTimeout(settle, REST_PATIENCE_MS);
    raw.on('data', count).once('end', settle).once('close', settle);
    raw.resume();
  });
}

/** The parser throws plain errors at what is no form; what goes wrong while a part is worked on is not its. */
async function* readParts(request: FastifyRequest): AsyncGenerator<Multipart> {
  const parts = request.parts();
  for (;;) {
    const next = await parts.next().catch((error: unknown) => {
      if (error instanceof Error && !('statusCode' in error)) {
        throw refuse('body', 'it is no complete multipart form');
      }
      throw error;
    });
    if (next.done === true) return;
    yield next.value;
  }
}

async function receiveFile(
  part: MultipartFile,
  { request, dependencies }: { request: FastifyRequest; dependencies: FormDependencies },
): Promise<Upload> {
  if (part.fieldname !== 'file')
    throw refuse(part.fieldname, 'the file belongs into the field file');
  return receiveUpload(part.file, {
    tenant: request.principal.tenant,
    fileName: part.filename,
    dependencies,
  });
}

/** A field that says it is JSON has been parsed already. */
function parseOptions(field: unknown): object {
  const text = typeof field === 'string' ? field : JSON.stringify(field);
  const problem = scanJson(text, { maxValues: 1_000 });
  if (problem !== undefined) throw refuse('options', problem);
  const value = typeof field === 'string' ? parseJson(field) : field;
  const { error } = optionsSchema.safeParse(value);
  const [issue] = error?.issues ?? [];
  if (issue !== undefined) {
    const { field, message } = describeZodIssue(issue, 'options');
    throw new CodedError('REQUEST_INVALID', message, { field });
  }
  return value as object;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('options', 'it is not valid JSON');
  }
}

function refuse(field: string, why: string): CodedError {
  return new CodedError('REQUEST_INVALID', `${field}: ${why}.`, { field });
}
