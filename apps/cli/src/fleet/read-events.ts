// Server-sent events of a job or batch, from where the last connection ended.

import { setTimeout as sleep } from 'node:timers/promises';
import { AsrError } from '@stenofleet/asr-core';
import { CliError } from '../cli-error.js';
import { type ApiClient } from './api-client.js';

/** The API says something at least this often, if only a comment. */
const SILENCE_MS = 90_000;
const PAUSE_MS = 1_000;

export type ServerEvent = { id: string | undefined; type: string; data: unknown };

export type FollowOptions = {
  signal: AbortSignal;
  silenceMs?: number;
  pauseMs?: number;
  /** The connection was lost, or cannot be made; it is tried again. */
  onTrouble?: (error: Error) => void;
};

/** Ends with the event `end`, or with the signal. @throws ApiError for what trying again does not cure */
export async function* followEvents(
  client: ApiClient,
  path: string,
  { signal, silenceMs = SILENCE_MS, pauseMs = PAUSE_MS, onTrouble }: FollowOptions,
): AsyncGenerator<ServerEvent> {
  let lastId: string | undefined;
  const isOver = () => signal.aborted;
  while (!isOver()) {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), silenceMs);
    try {
      const response = await client.open(path, {
        headers: {
          accept: 'text/event-stream',
          ...(lastId !== undefined && { 'last-event-id': lastId }),
        },
        signal: AbortSignal.any([signal, silence.signal]),
      });
      for await (const event of parseEvents(readChunks(response, () => timer.refresh()))) {
        lastId = event.id ?? lastId;
        yield event;
        if (event.type === 'end') return;
      }
    } catch (error) {
      if (isOver()) return;
      if (!isPassing(error, silence.signal)) throw error;
      onTrouble?.(error instanceof Error ? error : new Error(String(error)));
    } finally {
      clearTimeout(timer);
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** A refusal of the API stays one; a connection that breaks comes back. */
function isPassing(error: unknown, silence: AbortSignal): boolean {
  if (error instanceof AsrError) return silence.aborted;
  if (error instanceof CliError) return error.code === 'API_UNAVAILABLE';
  return !(error instanceof Error && 'status' in error);
}

async function* readChunks(response: Response, onChunk: () => void): AsyncGenerator<string> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    onChunk();
    yield decoder.decode(chunk, { stream: true });
  }
}

/** `id`, `event` and `data` fields; comments, `retry` and other fields are passed over. */
export async function* parseEvents(chunks: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let rest = '';
  let fields: { id?: string; type?: string; data?: string } = {};
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') {
        fields = takeField(fields, line);
        continue;
      }
      if (fields.data !== undefined || fields.type !== undefined) {
        const { id, type = 'message', data = '' } = fields;
        yield { id, type, data: parseJson(data) };
      }
      fields = {};
    }
  }
}

function takeField<Fields extends { id?: string; type?: string; data?: string }>(
  fields: Fields,
  line: string,
): Fields {
  const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
  if (name === 'id') return { ...fields, id: value };
  if (name === 'event') return { ...fields, type: value };
  if (name !== 'data') return fields;
  return { ...fields, data: fields.data === undefined ? value : `${fields.data}\n${value}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
