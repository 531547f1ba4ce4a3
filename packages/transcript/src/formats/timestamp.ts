/** Formats whole milliseconds as HH:MM:SS, the separator, mmm. Hours take the digits they need. */
export function formatTimestamp(timeMs: number, separator: '.' | ','): string {
  const pad = (value: number, digits = 2) => Math.floor(value).toString().padStart(digits, '0');
  const hours = pad(timeMs / 3_600_000);
  const minutes = pad((timeMs / 60_000) % 60);
  const seconds = pad((timeMs / 1000) % 60);
  return `${hours}:${minutes}:${seconds}${separator}${pad(timeMs % 1000, 3)}`;
}
