// File names from outside (addresses, keys, uploads), made safe to show and to write.

const MAX_LENGTH = 200;
/** A longer one is no extension. */
const MAX_EXTENSION_LENGTH = 16;
// Control characters, what some file system or shell takes for syntax, and what turns the direction of writing.
const UNSAFE =
  // eslint-disable-next-line no-control-regex -- these are what is replaced
  /[\u0000-\u001f\u007f-\u009f<>:"|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/** The last part of a path as one file name: no separator, no leading dot, at most 200 characters. Never empty. */
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
  const characters = Array.from(name);
  if (characters.length <= MAX_LENGTH) return name;
  const dot = characters.lastIndexOf('.');
  const isExtension = dot > 0 && characters.length - dot <= MAX_EXTENSION_LENGTH;
  const extension = isExtension ? characters.slice(dot) : [];
  return [...characters.slice(0, MAX_LENGTH - extension.length), ...extension].join('');
}
