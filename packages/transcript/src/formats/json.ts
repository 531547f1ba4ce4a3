import { parseTranscriptDocument, type TranscriptDocument } from '../transcript-document.js';

const INDENT = '  ';
/** A list or object without nesting stands on one line up to this length: one line per word. */
const MAX_FLAT_LENGTH = 160;

/**
 * The document as JSON. Keys stand in the schema's order (those of records by name), so equal documents give equal
 * bytes. What is returned can be read back: the document passes its schema first.
 *
 * @throws TranscriptError `TRANSCRIPT_UNREADABLE`
 */
export function formatJson(document: TranscriptDocument): string {
  const parsed = parseTranscriptDocument(document);
  const { provenance } = parsed;
  const ordered = {
    ...parsed,
    provenance: {
      ...provenance,
      options: sortKeys(provenance.options),
      versions: sortKeys(provenance.versions),
    },
  };
  return `${print(ordered, '')}\n`;
}

function sortKeys<Value>(record: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function print(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const entries = Object.entries(value as Record<string, unknown>).filter(
    ([, item]) => item !== undefined,
  );
  if (entries.length === 0) return open + close;
  const inner = indent + INDENT;
  const printed = entries.map(
    ([key, item]) => (open === '{' ? `${JSON.stringify(key)}: ` : '') + print(item, inner),
  );
  const nested = entries.some(([, item]) => typeof item === 'object' && item !== null);
  const flat = open === '{' ? `{ ${printed.join(', ')} }` : `[${printed.join(', ')}]`;
  if (indent !== '' && !nested && flat.length <= MAX_FLAT_LENGTH) return flat;
  return `${open}\n${printed.map((item) => inner + item).join(',\n')}\n${indent}${close}`;
}
