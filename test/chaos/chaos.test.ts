// Any part may be killed at any time: nothing is lost, nothing is doubled, nothing finished is done again.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiCases, BATCH_CASE, runBatchRound } from './api-cases.js';
import { type ChaosCase } from './chaos-case.js';
import { type ChaosFleet, openChaosFleet, ROUND_PATIENCE_MS } from './chaos-fleet.js';
import { killWorkerCases, sweepCases } from './kill-worker-cases.js';
import { inferenceCases, redisCases, storeCases } from './outage-cases.js';
import { type CaseFacts, describeCase, describeTable, sumRounds } from './report.js';
import { type RoundFacts, startRound } from './round.js';
import { twoWorkersCases } from './two-workers-cases.js';

const ROUNDS = Number(process.env['STENO_CHAOS_ROUNDS'] ?? '1');
const OUTAGE_MS = ROUNDS >= 10 ? 30_000 : 10_000;

const told: CaseFacts[] = [];
let chaos: ChaosFleet;
let batch: Promise<CaseFacts>;
beforeAll(async () => {
  chaos = await openChaosFleet();
  batch = runRounds(BATCH_CASE, () => runBatchRound(chaos.recordings.short));
  // Its test tells.
  batch.catch(() => undefined);
}, ROUND_PATIENCE_MS);
afterAll(async () => {
  process.stdout.write(`\n${describeTable(told)}\n`);
  await chaos.close();
}, ROUND_PATIENCE_MS);

async function runRounds(
  name: string,
  runRound: (index: number) => Promise<RoundFacts>,
): Promise<CaseFacts> {
  const rounds: RoundFacts[] = [];
  const begun = performance.now();
  for (let index = 1; index <= ROUNDS; index++) rounds.push(await runRound(index));
  const facts = sumRounds(name, { rounds, seconds: (performance.now() - begun) / 1000 });
  process.stdout.write(`${describeCase(facts)}\n`);
  told.push(facts);
  return facts;
}

const sound = { lost: 0, doubled: 0, redone: 0, rounds: ROUNDS, wordsEqual: ROUNDS };

function test(cases: readonly ChaosCase[]): void {
  const timeout = ROUNDS * ROUND_PATIENCE_MS;
  it.for(cases)('$name', { timeout }, async ({ name, disturb, leaves = 0 }) => {
    const facts = await runRounds(name, async (index) => {
      const round = await startRound(chaos, {
        name: `${name} ${index}`,
        place: (index - 0.5) / ROUNDS,
      });
      await disturb(round);
      return round.finish();
    });
    expect(facts).toMatchObject(sound);
    expect(facts.left).toBeLessThanOrEqual(leaves * ROUNDS);
  });
}

describe('nothing is lost, doubled or done again:', () => {
  test(killWorkerCases);
  test(sweepCases);
  test(inferenceCases);
  test(twoWorkersCases);
  test(redisCases);
  test(storeCases({ outageMs: OUTAGE_MS }));
  test(apiCases);
  it(BATCH_CASE, { timeout: ROUNDS * ROUND_PATIENCE_MS }, async () => {
    expect(await batch).toMatchObject({ ...sound, left: 0 });
  });
});
