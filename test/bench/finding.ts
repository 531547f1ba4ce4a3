/** A bound and what was measured against it. */
export type Check = { name: string; measured: string; bound: string; passed: boolean };

/** What one measurement has to say: tables for people, figures for a report, bounds for the exit code. */
export type Finding = {
  title: string;
  tables: readonly string[];
  figures: unknown;
  checks: readonly Check[];
};

/** A measured value that must not exceed its bound. */
export function checkAtMost(
  name: string,
  {
    measured,
    bound,
    format,
  }: { measured: number; bound: number; format: (value: number) => string },
): Check {
  // A comparison with NaN is false: what could not be measured has not passed.
  return {
    name,
    measured: format(measured),
    bound: `≤ ${format(bound)}`,
    passed: measured <= bound,
  };
}

/** A list that must be empty. */
export function checkNone(name: string, found: readonly string[]): Check {
  const measured = found.length === 0 ? 'none' : `${found.length}: ${found.join(' · ')}`;
  return { name, measured, bound: 'none', passed: found.length === 0 };
}
