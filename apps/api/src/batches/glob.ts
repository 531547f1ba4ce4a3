// Path patterns that match in time proportional to pattern × path, whatever they hold: patterns and object names come from
// tenants, and one translated to a regular expression (as picomatch does) can be made to run for years.

import { CodedError } from '@stenofleet/shared/errors';

/** Alternatives that braces may come to. */
const MAX_ALTERNATIVES = 64;

type Step =
  | { kind: 'char'; char: string }
  | { kind: 'class'; ranges: [string, string][]; isNegated: boolean }
  | { kind: 'one' }
  /** Any number of characters of one path part. */
  | { kind: 'part' }
  /** Any number of characters, slashes included. */
  | { kind: 'any' }
  /** Nothing, or anything that ends at a slash. */
  | { kind: 'folders' };

export type Glob = {
  /** Whether a path below the prefix (`2024/talk.mp3`) matches. */
  matches: (path: string) => boolean;
  /** What one character of a path may cost. */
  numSteps: number;
};

/**
 * `*` and `?` within a folder, `**` across folders, `[a-z]`, `[!a-z]`, `{mp3,wav}`, `\` before a character that is meant
 * as it stands. A pattern without a slash is matched with the file's name.
 * @throws CodedError `REQUEST_INVALID`
 */
export function compileGlob(pattern: string, field: string): Glob {
  const alternatives = expandBraces(pattern, field).map((text) => parse(text, field));
  const isName = !pattern.includes('/');
  return {
    numSteps: alternatives.reduce((sum, steps) => sum + steps.length, 0),
    matches: (path) => {
      const subject = isName ? path.slice(path.lastIndexOf('/') + 1) : path;
      return alternatives.some((steps) => matches(steps, subject));
    },
  };
}

/** The states of all readings at once, one pass over the path. */
function matches(steps: readonly Step[], path: string): boolean {
  // In which round a state was reached last: each is listed once.
  const reached = new Uint32Array(steps.length + 1);
  let round = 1;
  /** With what is reached from there without a character. `folders` is empty only where a part begins. */
  const enter = (states: number[], first: number, isAtPartStart: boolean) => {
    for (let state = first; reached[state] !== round; state++) {
      reached[state] = round;
      states.push(state);
      const kind = steps[state]?.kind;
      if (!(kind === 'part' || kind === 'any' || (kind === 'folders' && isAtPartStart))) return;
    }
  };
  let states: number[] = [];
  enter(states, 0, true);
  for (const char of path) {
    const next: number[] = [];
    const isSlash = char === '/';
    round++;
    for (const state of states) {
      const step = steps[state];
      if (step === undefined) continue;
      if (step.kind === 'folders') {
        enter(next, state, isSlash);
        if (isSlash) enter(next, state + 1, isSlash);
      } else if (step.kind === 'any' || (step.kind === 'part' && !isSlash)) {
        enter(next, state, isSlash);
      } else if (accepts(step, char)) {
        enter(next, state + 1, isSlash);
      }
    }
    states = next;
    if (states.length === 0) return false;
  }
  return states.includes(steps.length);
}

function accepts(step: Step, char: string): boolean {
  if (step.kind === 'char') return step.char === char;
  if (char === '/') return false;
  if (step.kind === 'one') return true;
  if (step.kind !== 'class') return false;
  return step.ranges.some(([from, to]) => char >= from && char <= to) !== step.isNegated;
}

function parse(pattern: string, field: string): Step[] {
  const chars = Array.from(pattern);
  const steps: Step[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    if (char === '\\') {
      const escaped = chars[++i];
      if (escaped === undefined) throw refuse(field, 'it ends with a backslash');
      steps.push({ kind: 'char', char: escaped });
    } else if (char === '*') {
      if (chars[i + 1] !== '*') {
        steps.push({ kind: 'part' });
        continue;
      }
      const isWholePart = i === 0 || chars[i - 1] === '/';
      while (chars[i + 1] === '*') i++;
      if (isWholePart && chars[i + 1] === '/') {
        i++;
        steps.push({ kind: 'folders' });
      } else {
        steps.push({ kind: 'any' });
      }
    } else if (char === '?') {
      steps.push({ kind: 'one' });
    } else if (char === '[') {
      const { step, end } = parseClass(chars, { start: i, field });
      steps.push(step);
      i = end;
    } else {
      steps.push({ kind: 'char', char });
    }
  }
  return steps;
}

function parseClass(
  chars: readonly string[],
  { start, field }: { start: number; field: string },
): { step: Step; end: number } {
  const isNegated = chars[start + 1] === '!' || chars[start + 1] === '^';
  const first = start + (isNegated ? 2 : 1);
  const end = chars.indexOf(']', first + 1);
  if (end < 0) throw refuse(field, 'a "[" is not closed');
  const ranges: [string, string][] = [];
  for (let i = first; i < end; i++) {
    const from = chars[i] ?? '';
    const isRange = chars[i + 1] === '-' && i + 2 < end;
    ranges.push([from, isRange ? (chars[i + 2] ?? '') : from]);
    if (isRange) i += 2;
  }
  return { step: { kind: 'class', ranges, isNegated }, end };
}

/** `a{b,c}` → `ab`, `ac`; nested ones too. A brace without a comma stands for itself. */
function expandBraces(pattern: string, field: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const group = findGroup(text);
    if (group === undefined) done.push(text);
    else {
      const { start, end, parts } = group;
      for (const part of parts) open.push(text.slice(0, start) + part + text.slice(end + 1));
    }
    if (done.length + open.length > MAX_ALTERNATIVES) {
      throw refuse(field, `its braces come to more than ${MAX_ALTERNATIVES} alternatives`);
    }
  }
  return done;
}

/** The first group that holds no other. */
function findGroup(text: string): { start: number; end: number; parts: string[] } | undefined {
  let start = -1;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '{') start = i;
    else if (text[i] === '}' && start >= 0) {
      const parts = text.slice(start + 1, i).split(',');
      if (parts.length > 1) return { start, end: i, parts };
      start = -1;
    }
  }
  return undefined;
}

function refuse(field: string, why: string): CodedError {
  return new CodedError('REQUEST_INVALID', `${field}: this pattern cannot be read: ${why}.`, {
    field,
  });
}
