import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Recognizer, loadRecognizer } from '@stenofleet/asr-core';
import {
  type CohereGraphs,
  type CohereSessions,
  createCohereGraphs,
  createNemoFeatureExtractor,
  createPromptBuilder,
  decodeCohereTokens,
  toRows,
} from '@stenofleet/asr-core/reference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type GoldenCase,
  type TensorCheck,
  closeSessions,
  compareTensor,
  describeModel,
  isWholeText,
  known,
  longestCase,
  melReference,
  openSessions,
  readConfig,
  readPieces,
  readSamples,
  references,
  switchesOf,
  textOf,
  withoutSpaces,
} from './cohere-reference.js';

describe.each(references)('$name (needs golden results)', (reference) => {
  const { golden, isThere, languages } = reference;
  const { tolerance, audio, cases, detokenise_cases: detokenised = [] } = golden;
  const checks = audio.flatMap(({ name, encoder = {}, last_hidden_state }) => [
    ...Object.entries(encoder).map(([output, check]) => [name, output, check] as const),
    ...(last_hidden_state ? [[name, 'last_hidden_state', last_hidden_state] as const] : []),
  ]);

  describe.skipIf(!isThere)('step by step', () => {
    let sessions: CohereSessions;
    let graphs: CohereGraphs;
    const pieces = isThere ? readPieces(reference) : [];
    beforeAll(async () => {
      sessions = await openSessions(reference);
      graphs = await createCohereGraphs(sessions, readConfig(reference));
    });
    afterAll(() => closeSessions(sessions));

    it.each(checks)('%s has the golden %s', async (name, output, check) => {
      const encoding = await graphs.encode(readSamples(reference, name));
      const { dims, data } = known(encoding[output]);
      expectTensor({ dims, data: data as Float32Array }, check, {
        values: tolerance.encoder_abs,
        sumShare: tolerance.sum_rel,
      });
    });

    it.each(cases.map((expected) => [nameOf(expected), expected] as const))(
      '%s: prompt, logits, tokens, probabilities and text are golden',
      async (_, expected) => {
        const { promptTokens, eosBias } = switchesOf(expected);
        const prompts = createPromptBuilder(pieces, { languages, promptTokens, tokenTable: 'own' });
        const prompt = prompts.buildPrompt({
          language: expected.language,
          punctuation: expected.pnc,
        });
        expect(prompt).toEqual(expected.prompt_ids);

        const encoding = await graphs.encode(readSamples(reference, expected.audio));
        const firstLogits = await graphs.startDecoder(encoding).feed(prompt);
        const [[best], fifth] = [
          known(expected.first_step_top5[0]),
          known(expected.first_step_top5.at(-1)),
        ];
        const largest = firstLogits.reduce((a, b) => Math.max(a, b));
        expect(firstLogits.indexOf(largest)).toBe(best);
        for (const [id, logit] of expected.first_step_top5) {
          expect(Math.abs(known(firstLogits[id]) - logit)).toBeLessThan(tolerance.logit_abs);
        }
        const above = firstLogits.filter((logit) => logit > fifth[1] + tolerance.logit_abs);
        expect(above.length).toBeLessThan(expected.first_step_top5.length);

        const { tokens, endLogProbability } = await decodeCohereTokens(
          graphs.startDecoder(encoding),
          prompt,
          {
            endId: prompts.endId,
            eosBias,
            maxTokens: Math.min(expected.max_tokens, graphs.contextTokens - prompt.length),
            isCancelled: () => false,
          },
        );
        expect(tokens.map(({ tokenId }) => tokenId)).toEqual(expected.generated_ids);
        for (const [i, { logProbability }] of tokens.entries()) {
          expect(Math.abs(logProbability - known(expected.logprobs[i]))).toBeLessThan(
            tolerance.logprob_abs,
          );
        }
        expect(endLogProbability === undefined ? 'cap' : 'eos').toBe(expected.stopped);
        if (expected.eos_logprob !== null) {
          expect(Math.abs(known(endLogProbability) - expected.eos_logprob)).toBeLessThan(
            tolerance.logprob_abs,
          );
        }
        expect(textOf(pieces, expected.generated_ids)).toBe(expected.text.trim());
      },
    );

    it.each(detokenised)('tokens $ids spell the golden text', ({ ids, text }) => {
      expect(textOf(pieces, ids)).toBe(text);
    });
  });

  describe.skipIf(!isThere)('as a recognizer', () => {
    // What a recognizer never does is stop before its context is full.
    const whole = cases.filter(({ stopped }) => stopped === 'eos');
    const recognizers = new Map<string, Recognizer>();
    const keyOf = (expected: GoldenCase) => JSON.stringify(switchesOf(expected));
    beforeAll(async () => {
      for (const expected of cases) {
        if (recognizers.has(keyOf(expected))) continue;
        const model = describeModel(reference, switchesOf(expected));
        recognizers.set(keyOf(expected), await loadRecognizer(model));
      }
    });
    afterAll(async () => {
      for (const recognizer of recognizers.values()) await recognizer.close();
    });

    it.each(whole.map((expected) => [nameOf(expected), expected] as const))(
      '%s: the words make the golden text',
      async (_, expected) => {
        const [result] = await known(recognizers.get(keyOf(expected))).recognize(
          [{ samples: readSamples(reference, expected.audio) }],
          {
            language: expected.language,
            punctuation: expected.pnc,
          },
        );
        const words = known(result).words.map(({ text }) => text);
        const between = ['ja', 'zh'].includes(expected.language) ? '' : ' ';
        expect(words.join(between)).toBe(expected.text.trim().replaceAll(/\s+/gu, between));
        expect(known(result).remarks).toEqual([]);
        const probabilities = expected.logprobs.map((value) => Math.exp(value));
        for (const { confidence, place } of known(result).words) {
          expect(confidence).toBeGreaterThan(Math.min(...probabilities) - 0.01);
          expect(confidence).toBeLessThan(Math.max(...probabilities) + 0.01);
          expect(place).toBeUndefined();
        }
      },
    );

    it('refuses more than 35 seconds, and a language that is not named', async () => {
      const recognizer = known([...recognizers.values()][0]);
      const recognize = (samples: Float32Array, language?: string) =>
        recognizer.recognize([{ samples }], { language });
      await expect(recognize(new Float32Array(35 * 16_000 + 1), languages[0])).rejects.toThrow(
        expect.objectContaining({ code: 'AUDIO_TOO_LONG' }),
      );
      await expect(recognize(new Float32Array(16_000))).rejects.toThrow(
        expect.objectContaining({ code: 'LANGUAGE_REQUIRED' }),
      );
    });

    const longest = longestCase(reference, isWholeText);
    it.skipIf(!longest)('stops in the middle of a segment when it is cancelled', async () => {
      const expected = known(longest);
      // Asked before the encoder, before the prompt, and before the first token is fed.
      let asked = 0;
      const running = known(recognizers.get(keyOf(expected))).recognize(
        [{ samples: readSamples(reference, expected.audio) }],
        {
          language: expected.language,
          punctuation: expected.pnc,
          isCancelled: () => ++asked > 2,
        },
      );
      await expect(running).rejects.toThrow(expect.objectContaining({ code: 'CANCELLED' }));
      expect(asked).toBe(3);
    });

    it('finds nothing in less than one frame of sound', async () => {
      const [result] = await known([...recognizers.values()][0]).recognize(
        [{ samples: new Float32Array(159) }],
        { language: languages[0] },
      );
      expect(result).toEqual({ words: [], remarks: [] });
    });
  });
});

const halved = longestCase(melReference, ({ generated_ids: ids }) => ids.length > 1);
describe.skipIf(!halved)('a context of a few tokens, as config.json may tell', () => {
  it('is a limit, and text that ran into it says so', async () => {
    const expected = known(halved);
    const half = expected.generated_ids.slice(0, expected.generated_ids.length / 2);
    const folder = mkdtempSync(join(tmpdir(), 'steno-context-'));
    const config = join(folder, 'config.json');
    const contextTokens = expected.prompt_ids.length + half.length;
    writeFileSync(config, JSON.stringify({ max_position_embeddings: contextTokens }));
    const model = describeModel(melReference, switchesOf(expected));
    const recognizer = await loadRecognizer({ ...model, files: { ...model.files, config } });
    const samples = readSamples(melReference, expected.audio);
    const [result] = await recognizer.recognize([{ samples }], {
      language: expected.language,
      punctuation: expected.pnc,
    });
    await recognizer.close();
    rmSync(folder, { recursive: true });
    expect(known(result).remarks).toEqual([{ kind: 'cap-hit', tokens: half.length }]);
    const heard = known(result).words.map(({ text }) => text);
    expect(withoutSpaces(heard.join(''))).toBe(
      withoutSpaces(textOf(readPieces(melReference), half)),
    );
  });
});

describe.skipIf(!melReference.isThere)('the features of cohere-mel-tiny', () => {
  const { audio, tolerance } = melReference.golden;
  it.each(audio.map(({ name, features }) => [name, known(features)] as const))(
    'of %s are golden, row by row',
    async (name, check) => {
      const [numFrames, numMels] = check.shape as [number, number];
      const extractor = await createNemoFeatureExtractor(numMels);
      const rows = toRows(extractor.computeFeatures(readSamples(melReference, name)));
      expectTensor({ dims: [numFrames, numMels], data: rows }, check, {
        values: known(tolerance.features_abs),
        sumShare: tolerance.sum_rel,
      });
    },
  );
});

function nameOf({ audio, language, pnc, prompt_tokens, eos_bias, max_tokens }: GoldenCase): string {
  return `${audio} ${language} ${pnc ? 'pnc' : 'nopnc'} ${prompt_tokens} tokens, bias ${eos_bias}, at most ${max_tokens}`;
}

/** Without a share of their own, sums may differ by what the values may. */
function expectTensor(
  tensor: { dims: readonly number[]; data: Float32Array },
  check: TensorCheck,
  { values, sumShare }: { values: number; sumShare: number | undefined },
): void {
  const difference = compareTensor(tensor, check);
  expect(difference.shape).toBe(true);
  expect(difference.values).toBeLessThan(values);
  expect(difference.sums).toBeLessThanOrEqual(
    sumShare === undefined ? values * tensor.data.length : sumShare * check.abs_sum,
  );
}
