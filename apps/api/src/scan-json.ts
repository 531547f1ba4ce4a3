// What of a JSON text is refused before it is parsed: nesting and numbers of values that only an attacker has (a parser
// makes gigabytes of 32 MiB of brackets), and half characters, which neither Lua nor a file system takes.

const MAX_DEPTH = 32;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** `text` need not be valid JSON. Undefined where there is no problem. */
export function scanJson(text: string, { maxValues }: { maxValues: number }): string | undefined {
  let depth = 0;
  let values = 1;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isString) {
      if (code === QUOTE) isString = false;
      else if (code === BACKSLASH) {
        const length = measureEscape(text, i);
        if (length === undefined) return 'it holds half a character (a lone surrogate)';
        i += length - 1;
      } else if (isLoneSurrogate(text, i)) return 'it holds half a character (a lone surrogate)';
      continue;
    }
    if (code === QUOTE) isString = true;
    else if (code === COMMA) values++;
    else if (code === 0x5b || code === 0x7b) {
      values++;
      if (++depth > MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH} levels`;
    } else if (code === 0x5d || code === 0x7d) depth--;
    if (values > maxValues) return `it has more than ${maxValues} values`;
  }
  return undefined;
}

/** Characters of an escape; undefined for half of a surrogate pair without the other. */
function measureEscape(text: string, at: number): number | undefined {
  const unit = readUnit(text, at);
  if (unit === undefined) return 2;
  if (unit < 0xd800 || unit > 0xdfff) return 6;
  const next = readUnit(text, at + 6);
  const isPair = unit < 0xdc00 && next !== undefined && next >= 0xdc00 && next <= 0xdfff;
  return isPair ? 12 : undefined;
}

/** The code unit of `\uXXXX`. */
function readUnit(text: string, at: number): number | undefined {
  const hex = /^\\u([0-9a-f]{4})$/i.exec(text.slice(at, at + 6))?.[1];
  return hex === undefined ? undefined : Number.parseInt(hex, 16);
}

/** Of text that was no UTF-8 before. */
function isLoneSurrogate(text: string, at: number): boolean {
  const point = text.codePointAt(at) ?? 0;
  if (point < 0xd800 || point > 0xdfff) return false;
  // The second half of a pair: its first half was looked at before.
  return !(point >= 0xdc00 && (text.codePointAt(at - 1) ?? 0) > 0xffff);
}
