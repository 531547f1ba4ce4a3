// What JSON.parse lets pass: a name given twice (the last one wins, and a reader may look at the first), and `__proto__`.

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},]/g;

/** `text` must be valid JSON. Undefined where there is no problem. */
export function findJsonProblem(text: string): string | undefined {
  /** Names of the objects that are open; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let isNameNext = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const names = open.at(-1);
    switch (token) {
      case '{':
        open.push(new Set());
        isNameNext = true;
        break;
      case '[':
        open.push(undefined);
        isNameNext = false;
        break;
      case '}':
      case ']':
        open.pop();
        isNameNext = false;
        break;
      case ',':
        isNameNext = names !== undefined;
        break;
      default: {
        if (!isNameNext || names === undefined) break;
        isNameNext = false;
        const name = JSON.parse(token) as string;
        if (name === '__proto__') return 'it names a field "__proto__"';
        if (names.has(name)) return `it names the field "${name.slice(0, 64)}" twice`;
        names.add(name);
      }
    }
  }
  return undefined;
}
