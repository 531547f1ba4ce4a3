/** Ids of a Redis stream: `<ms>-<number>`. Negative where `a` is the earlier. */
export function compareEventIds(a: string, b: string): number {
  const [msA, numberA] = split(a);
  const [msB, numberB] = split(b);
  return msA - msB || numberA - numberB;
}

/** The id just before, so that reading behind it begins with this one. */
export function previousEventId(id: string): string {
  const [ms, number] = split(id);
  if (number > 0) return `${ms}-${number - 1}`;
  return ms > 0 ? `${ms - 1}-${Number.MAX_SAFE_INTEGER}` : '0-0';
}

export function isEventId(text: string): boolean {
  return /^\d{1,15}-\d{1,15}$/.test(text);
}

function split(id: string): [number, number] {
  const [ms = 0, number = 0] = id.split('-').map(Number);
  return [ms, number];
}
