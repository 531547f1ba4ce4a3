import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Recognizer, loadRecognizer } from '@stenofleet/asr-core';
import {
  type CohereGraphs,
  type CohereSessions,
  createCohereGraphs,
} from '@stenofleet/asr-core/reference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHalfPrecision } from '../fixtures/half-precision.js';
import {
  closeSessions,
  describeModel,
  isWholeText,
  known,
  longestCase,
  melReference,
  openSessions,
  readConfig,
  readSamples,
  switchesOf,
} from './cohere-reference.js';

/** Below 16 half floats are 2⁻⁷ apart; the caches' rounding adds as much again. Above, both grow with the logits. */
const TOLERANCE = 0.03;

const { golden, isThere } = melReference;
const spoken = longestCase(melReference, isWholeText);

describe.skipIf(!isThere)(
  'a decoder with half-precision caches and logits, as in fp16 and q4f16',
  () => {
    let folder: string;
    let sessions: CohereSessions;
    let graphs: CohereGraphs;
    let recognizer: Recognizer;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'steno-half-'));
      const decoder = join(folder, 'decoder_model_merged_fp16.onnx');
      const half = { ...melReference, files: { ...melReference.files, decoder } };
      const original = known(melReference.files.decoder);
      for (const name of readdirSync(dirname(original))) {
        if (name.startsWith(`${basename(original)}_`)) {
          copyFileSync(join(dirname(original), name), join(folder, name));
        }
      }
      const isHalf = (name: string) => /^(past_key_values|present)\.|^logits$/.test(name);
      writeFileSync(decoder, toHalfPrecision(readFileSync(original), isHalf));
      sessions = await openSessions(half);
      graphs = await createCohereGraphs(sessions, readConfig(half));
      recognizer = await loadRecognizer(describeModel(half, spoken && switchesOf(spoken)));
    });
    afterAll(async () => {
      await closeSessions(sessions);
      await recognizer.close();
      rmSync(folder, { recursive: true });
    });

    it.each(
      golden.cases.map((expected) => [`${expected.audio} ${expected.language}`, expected] as const),
    )(
      '%s: every step of the golden text has the golden probability',
      async (_, { audio, prompt_ids, generated_ids, logprobs }) => {
        expect(sessions.decoder.inputType('past_key_values.0.decoder.key')).toBe('float16');
        const step = graphs.startDecoder(await graphs.encode(readSamples(melReference, audio)));
        let logits = await step.feed(prompt_ids);
        for (const [i, id] of generated_ids.entries()) {
          const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
          const logProbability = known(logits[id]) - Math.log(total);
          const largest = logits.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
          expect(Math.abs(logProbability - known(logprobs[i]))).toBeLessThan(
            TOLERANCE * Math.max(1, largest / 16),
          );
          logits = await step.feed([id]);
        }
      },
    );

    it.skipIf(!spoken)('recognizes', async () => {
      const { audio, language, pnc } = known(spoken);
      const samples = readSamples(melReference, audio);
      const [result] = await recognizer.recognize([{ samples }], { language, punctuation: pnc });
      expect(known(result).words.length).toBeGreaterThan(0);
    });
  },
);
