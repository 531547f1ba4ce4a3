// Lines of a CSV manifest as items. Each line is parsed alone, so that a quote which is never closed spoils its own line and
// not the rest of the file: a field cannot hold a line break.

import { parse } from 'csv-parse/sync';
import { invalid, type Line } from './read-lines.js';

const SWITCHES = new Set(['punctuation', 'inverseTextNormalization', 'betterTier', 'partial']);
const COLUMNS = new Set([
  'source',
  'model',
  'tier',
  'language',
  'channels',
  'track',
  ...SWITCHES,
  'formats',
  'output.prefix',
  'output.name',
  'priority',
  'idempotencyKey',
]);
const METADATA = /^metadata\.(.{1,64})$/;
const MAX_COLUMNS = 64;
const DELIMITERS = [',', ';', '\t'];

export type CsvHeader = { columns: readonly string[]; delimiter: string };

/** @throws CodedError `MANIFEST_INVALID` */
export function parseCsvHeader(line: Line): CsvHeader {
  if (line.text === undefined) throw invalid(`of its header, ${line.problem}`);
  const delimiter = DELIMITERS.find((candidate) => line.text.includes(candidate)) ?? ',';
  const columns = parseCells(line.text, delimiter)?.map((cell) => cell.trim());
  if (columns === undefined) throw invalid('its header is no line of CSV');
  if (columns.length > MAX_COLUMNS) throw invalid(`it has more than ${MAX_COLUMNS} columns`);
  for (const column of columns) {
    const name = METADATA.exec(column)?.[1];
    if (!COLUMNS.has(column) && (name === undefined || name === '__proto__')) {
      throw invalid(
        `there is no column "${column.slice(0, 64)}"; the columns are ${[...COLUMNS].join(', ')} and metadata.<name>`,
      );
    }
  }
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw invalid(`it has the column "${twice}" twice`);
  if (!columns.includes('source')) throw invalid('it has no column "source"');
  return { columns, delimiter };
}

export type CsvRow = { raw: unknown; problem?: never } | { raw?: never; problem: string };

/** An empty cell is an absent value. */
export function parseCsvRow(text: string, { columns, delimiter }: CsvHeader): CsvRow {
  const cells = parseCells(text, delimiter);
  if (cells === undefined) {
    return { problem: 'its quotes do not match (a field cannot hold a line break)' };
  }
  if (cells.length !== columns.length) {
    return { problem: `it has ${cells.length} cells, the header ${columns.length}` };
  }
  const raw: Record<string, unknown> = {};
  const metadata: Record<string, string> = {};
  const output: Record<string, string> = {};
  columns.forEach((column, index) => {
    const cell = (cells[index] ?? '').trim();
    if (cell === '') return;
    const name = METADATA.exec(column)?.[1];
    if (name !== undefined) metadata[name] = cell;
    else if (column.startsWith('output.')) output[column.slice('output.'.length)] = cell;
    else if (column === 'formats') raw[column] = cell.split(';').map((format) => format.trim());
    else if (SWITCHES.has(column)) raw[column] = parseSwitch(cell);
    else if (column === 'track' && /^\d{1,3}$/.test(cell)) raw[column] = Number(cell);
    else raw[column] = cell;
  });
  if (Object.keys(metadata).length > 0) raw['metadata'] = metadata;
  if (Object.keys(output).length > 0) raw['output'] = output;
  return { raw };
}

/** What is neither stays, for the schema to refuse. */
function parseSwitch(cell: string): boolean | string {
  const switched = new Map([
    ['true', true],
    ['false', false],
  ]);
  return switched.get(cell.toLowerCase()) ?? cell;
}

function parseCells(text: string, delimiter: string): string[] | undefined {
  try {
    const rows = parse(text, { delimiter, record_delimiter: '\n' });
    return rows.length === 1 ? rows[0] : undefined;
  } catch {
    return undefined;
  }
}
