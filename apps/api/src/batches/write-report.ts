// The batch's report: one row per item, in the order of the input, streamed page by page.

import { type BatchView, type JobRecord } from '@stenofleet/shared/job';
import { type ApiDependencies } from '../dependencies.js';

const PAGE = 500;

export type ReportRow = {
  item: number;
  source: string;
  /** Of the job, `refused` (no job came of it) or `duplicate` (an earlier item names the same). */
  status: string;
  job?: string;
  code?: string;
  message?: string;
  audioSeconds?: number;
  words?: number;
  computeSeconds?: number;
  outputs: string[];
};

const COLUMNS = [
  'item',
  'source',
  'status',
  'job',
  'code',
  'message',
  'audioSeconds',
  'words',
  'computeSeconds',
  'outputs',
] as const satisfies readonly (keyof ReportRow)[];

type ReportDependencies = Pick<ApiDependencies, 'ledger' | 'redis' | 'keys'>;

export async function* readReportRows(
  batchId: string,
  dependencies: ReportDependencies,
): AsyncGenerator<ReportRow, void> {
  const rows = [
    readJobRows(batchId, dependencies),
    readRefusedRows(batchId, dependencies),
    readDuplicateRows(batchId, dependencies),
  ];
  const heads = await Promise.all(rows.map(readNext));
  for (;;) {
    const [first] = heads
      .filter((head) => head !== undefined)
      .sort((a, b) => a.row.item - b.row.item);
    if (first === undefined) return;
    yield first.row;
    heads[heads.indexOf(first)] = await readNext(first.rest);
  }
}

async function readNext(
  rest: AsyncGenerator<ReportRow, void>,
): Promise<{ row: ReportRow; rest: typeof rest } | undefined> {
  const next = await rest.next();
  return next.done === true ? undefined : { row: next.value, rest };
}

export async function* writeCsvReport(rows: AsyncIterable<ReportRow>): AsyncGenerator<string> {
  // Excel takes a file for UTF-8 only with the mark.
  yield `\ufeff${COLUMNS.join(',')}\r\n`;
  for await (const row of rows) yield `${COLUMNS.map((name) => toCell(row[name])).join(',')}\r\n`;
}

export async function* writeJsonReport(
  batch: BatchView,
  rows: AsyncIterable<ReportRow>,
): AsyncGenerator<string> {
  yield `{"batch":${JSON.stringify(batch)},\n"items":[`;
  let separator = '\n';
  for await (const row of rows) {
    yield `${separator}${JSON.stringify(row)}`;
    separator = ',\n';
  }
  yield '\n]}\n';
}

/** A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export function toCell(value: ReportRow[keyof ReportRow]): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : value.join(' ');
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",;\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

async function* readJobRows(
  batchId: string,
  { ledger, redis, keys }: ReportDependencies,
): AsyncGenerator<ReportRow, void> {
  for (let offset = 0; ; offset += PAGE) {
    const found = await redis.zrange(
      keys.batchJobs(batchId),
      String(offset),
      String(offset + PAGE - 1),
      'WITHSCORES',
    );
    const ids = found.filter((_, index) => index % 2 === 0);
    const records = await ledger.getJobs(ids);
    for (const [index, record] of records.entries()) {
      if (record !== undefined) yield toRow(Number(found[index * 2 + 1]), record);
    }
    if (ids.length < PAGE) return;
  }
}

async function* readRefusedRows(
  batchId: string,
  { ledger }: ReportDependencies,
): AsyncGenerator<ReportRow, void> {
  for (let offset = 0; ; offset += PAGE) {
    const page = await ledger.listRefused(batchId, { offset, limit: PAGE });
    for (const { item, source, error } of page) {
      const { code, message } = error;
      yield { item, source, status: 'refused', code, message, outputs: [] };
    }
    if (page.length < PAGE) return;
  }
}

async function* readDuplicateRows(
  batchId: string,
  { redis, keys, ledger }: ReportDependencies,
): AsyncGenerator<ReportRow, void> {
  const found = Object.entries(await redis.hgetall(keys.batchDuplicates(batchId)));
  found.sort(([a], [b]) => Number(a) - Number(b));
  for (let offset = 0; offset < found.length; offset += PAGE) {
    const page = found.slice(offset, offset + PAGE);
    const records = await ledger.getJobs(page.map(([, id]) => id));
    for (const [index, [item, job]] of page.entries()) {
      const source = records[index]?.spec.source.uri ?? '';
      yield { item: Number(item), source, status: 'duplicate', job, outputs: [] };
    }
  }
}

function toRow(item: number, { spec, status, error, result, audioSeconds }: JobRecord): ReportRow {
  return {
    item,
    source: spec.source.uri,
    status,
    job: spec.id,
    ...(error && { code: error.code, message: error.message }),
    ...(audioSeconds !== undefined && { audioSeconds }),
    ...(result && { words: result.words, computeSeconds: result.computeSeconds }),
    outputs: result?.files.map(({ url }) => url) ?? [],
  };
}
