// File names from outside (addresses, keys, uploads), made safe to show and to write.

/** Of UTF-8: a file system takes 255, and an ending such as `.manifest.json` comes behind it. */
const MAX_BYTES = 200;
/** A longer one is no extension. */
const MAX_EXTENSION_LENGTH = 16;
// Control characters, what some file system or shell takes for syntax, and what turns the direction of writing.
const UNSAFE =
  // eslint-disable-next-line no-control-regex -- these are what is replaced
  /[\u0000-\u001f\u007f-\u009f<>:"|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/** The last part of a path as one file name: no separator, no leading dot, at most 200 bytes. Never empty. */
export function sanitizeName(text: string): string {
  const last = text.split(/[/\\]/).findLast((part) => part !== '') ?? '';
  const name = last
    .normalize('NFC')
    .replace(UNSAFE, '_')
    .trim()
    .replace(/^\.+/, '')
    .replace(/[. ]+$/, '')
    .trimStart();
  return name === '' ? 'recording' : shorten(name);
}

/** A part of an address as a person reads it; a stray `%` stays as it is. */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const dot = name.lastIndexOf('.');
  const isExtension = dot > 0 && Buffer.byteLength(name.slice(dot)) <= MAX_EXTENSION_LENGTH;
  const extension = isExtension ? name.slice(dot) : '';
  let bytes = Buffer.byteLength(extension);
  let short = '';
  for (const character of isExtension ? name.slice(0, dot) : name) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_BYTES) break;
    short += character;
  }
  return isExtension ? short + extension : short.replace(/[. ]+$/, '');
}
