// Any part may be killed at any time: nothing is lost, nothing is doubled, nothing finished is done again.

import { createS3Store } from '@stenofleet/shared/storage';
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
  await batch.catch(() => undefined);
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
  const named = cases.map((chaosCase) => [chaosCase.name, chaosCase] as const);
  it.for(named)('%s', { timeout }, async ([name, { disturb, leaves = 0 }]) => {
    const facts = await runRounds(name, async (index) => {
      const round = await startRound(chaos, {
        name: `${name} ${index}`,
        place: (index - 0.5) / ROUNDS,
      });
      await disturb(round);
      return round.finish(leaves);
    });
    expect(facts).toMatchObject(sound);
    expect(facts.left).toBeLessThanOrEqual(leaves * ROUNDS);
  });
}

describe('the suite', () => {
  it(
    'sees what is doubled, done again or left behind',
    { timeout: ROUND_PATIENCE_MS },
    async () => {
      const round = await startRound(chaos, { name: 'seen', place: 0 });
      const held = round.holdStore({ method: 'PUT', key: /\.manifest\.json$/ });
      await round.submit('short');
      await held();
      const finished = await round.noteFinished();
      expect(finished).toEqual([0]);
      await recognizeAgain(round.job().spec.id);
      chaos.store.release();
      const { spec } = await round.waitForEnd();
      await chaos.fleet.storage.put(`scratch/${spec.id}/left.json`, '{}');
      const prefix = spec.output.prefix.slice(chaos.fleet.storage.url.length + 1);
      await chaos.fleet.storage.put(`${prefix}/talk.manifest.json`, '{}');
      await chaos.fleet.storage.put(`${prefix}/${spec.output.name}.txt`, 'other words');
      const facts = await round.finish();
      expect(facts).toMatchObject({ lost: 0, doubled: 2, redone: 1, left: 1 });
      await chaos.fleet.storage.deletePrefix(`scratch/${spec.id}/`);
    },
  );
});

/** What a worker would send that recognises the first chunk of a job once more. */
async function recognizeAgain(id: string): Promise<void> {
  const [first] = await chaos.fleet.storage.list({ prefix: `scratch/${id}/` });
  const folder = first?.key.replace(/[^/]*$/, '') ?? '';
  const { s3, store } = chaos;
  const { accessKeyId, secretAccessKey } = s3;
  const settings = { endpoint: store.url, credentials: { accessKeyId, secretAccessKey } };
  const late = createS3Store({ ...settings, url: chaos.fleet.storage.url });
  await late.put(`${folder}chunk-00000.result.json`, '{}', { when: 'absent' });
  await late.close();
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
