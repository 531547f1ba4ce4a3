// What the suite says: a line for each case, and a table of all.

import { type RoundFacts } from './round.js';

export type CaseFacts = {
  name: string;
  rounds: number;
  lost: number;
  doubled: number;
  redone: number;
  repeated: number;
  left: number;
  /** Rounds whose words were those of the undisturbed run. */
  wordsEqual: number;
  secondsPerRound: number;
};

export function sumRounds(
  name: string,
  { rounds, seconds }: { rounds: readonly RoundFacts[]; seconds: number },
): CaseFacts {
  const sum = (count: (facts: RoundFacts) => number) =>
    rounds.reduce((total, facts) => total + count(facts), 0);
  return {
    name,
    rounds: rounds.length,
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    redone: sum(({ redone }) => redone),
    repeated: sum(({ repeated }) => repeated),
    left: sum(({ left }) => left),
    wordsEqual: sum(({ wordsEqual }) => (wordsEqual ? 1 : 0)),
    secondsPerRound: seconds / Math.max(1, rounds.length),
  };
}

export function describeCase(facts: CaseFacts): string {
  const { name, rounds, lost, doubled, redone, wordsEqual, repeated, left } = facts;
  return `chaos  ${name}: rounds ${rounds}, lost ${lost}, doubled ${doubled}, redone ${redone}, words equal ${wordsEqual}/${rounds} (unfinished chunks repeated ${repeated}, left behind ${left}, ${facts.secondsPerRound.toFixed(1)} s a round)`;
}

/** As docs/reliability.md has it. */
export function describeTable(cases: readonly CaseFacts[]): string {
  const head = [
    '| What happens | Rounds | Jobs lost | Results doubled | Finished chunks redone | Words equal | Unfinished chunks repeated | Seconds a round |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ];
  const rows = cases.map(
    ({ name, rounds, lost, doubled, redone, wordsEqual, repeated, secondsPerRound }) =>
      `| ${name} | ${rounds} | ${lost} | ${doubled} | ${redone} | ${wordsEqual} | ${repeated} | ${secondsPerRound.toFixed(1)} |`,
  );
  const sum = (count: (facts: CaseFacts) => number) =>
    cases.reduce((total, facts) => total + count(facts), 0);
  const total = `| **All** | ${sum((c) => c.rounds)} | ${sum((c) => c.lost)} | ${sum((c) => c.doubled)} | ${sum((c) => c.redone)} | ${sum((c) => c.wordsEqual)} | ${sum((c) => c.repeated)} | |`;
  return [...head, ...rows, total].join('\n');
}
