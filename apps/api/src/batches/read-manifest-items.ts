// A JSONL or CSV manifest as items, line by line.

import { type BatchRequest } from '@stenofleet/shared/job';
import { type CsvHeader, parseCsvHeader, parseCsvRow } from './parse-csv.js';
import { scanJson } from '../scan-json.js';
import { findJsonProblem } from './find-json-problem.js';
import { invalid, type Line, readLines } from './read-lines.js';
import { type ManifestItem, refuseLine, resolveItem, showSource } from './resolve-item.js';

export type ManifestFormat = 'jsonl' | 'csv';

export type ManifestOptions = {
  /** Undefined: told by the first line. */
  format: ManifestFormat | undefined;
  defaults: BatchRequest['defaults'];
  /** Lines up to this one have been read before. */
  afterLine: number;
  toCursor: (line: number) => string;
};

type Row = { raw: unknown; problem?: never } | { raw?: never; problem: string };

/** @throws CodedError `MANIFEST_INVALID` where it is broken as a whole; a wrong line is an item with its error */
export async function* readManifestItems(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  { format, defaults, afterLine, toCursor }: ManifestOptions,
): AsyncGenerator<ManifestItem> {
  let chosen = format;
  let header: CsvHeader | undefined;
  let hasItems = afterLine > 0;
  for await (const line of readLines(chunks)) {
    chosen ??= line.text?.trimStart().startsWith('{') === true ? 'jsonl' : 'csv';
    if (chosen === 'csv' && header === undefined) {
      header = parseCsvHeader(line);
      continue;
    }
    const { number } = line;
    if (number <= afterLine) continue;
    hasItems = true;
    const row = parseLine(line, header);
    const source = showSource(row.raw);
    const resolved =
      row.problem === undefined
        ? resolveItem(row.raw, defaults)
        : { error: refuseLine(number, row.problem) };
    yield { item: number, source, cursor: toCursor(number), ...resolved };
  }
  if (!hasItems) throw invalid('it names no recording');
}

/** By the ending of its name; undefined where that tells nothing. */
export function guessFormat(name: string): ManifestFormat | undefined {
  if (/\.csv$/i.test(name)) return 'csv';
  return /\.(?:jsonl|ndjson)$/i.test(name) ? 'jsonl' : undefined;
}

function parseLine(line: Line, header: CsvHeader | undefined): Row {
  if (line.text === undefined) return { problem: line.problem };
  return header === undefined ? parseJsonLine(line.text) : parseCsvRow(line.text, header);
}

function parseJsonLine(text: string): Row {
  const refusal = scanJson(text, { maxValues: 1_000 });
  if (refusal !== undefined) return { problem: refusal };
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { problem: 'it is not valid JSON' };
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { problem: 'it is no JSON object' };
  }
  const problem = findJsonProblem(text);
  return problem === undefined ? { raw } : { problem };
}
