// Mistakes that model-contracts.md, section 1, warns of: each test makes the mistake and sees it fail where the right way
// gives the golden result.

import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { loadRecognizer } from '@stenofleet/asr-core';
import {
  type CohereSessions,
  type OnnxSession,
  createCohereGraphs,
  createPromptBuilder,
  decodeCohereTokens,
  joinSpellings,
  parsePieceTable,
  spellTokens,
} from '@stenofleet/asr-core/reference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CohereReference,
  type GoldenCase,
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
  switchesOf,
  waveformReference,
  withoutSpaces,
} from './cohere-reference.js';

type Feeds = Parameters<OnnxSession['run']>[0];
type Change = (feeds: Feeds) => Feeds;

/** A session that is fed wrongly. */
function mistaken(session: OnnxSession, change: Change): OnnxSession {
  return { ...session, run: (feeds, outputs) => session.run(change(feeds), outputs) };
}

/** A session that insists on the declared ranks: the runtime lets a [1] pass for a scalar, and some graphs break on it. */
function strict(session: OnnxSession): OnnxSession {
  return mistaken(session, (feeds) => {
    for (const [name, { dims }] of Object.entries(feeds)) {
      if (dims.length !== session.inputShape(name).length) throw new Error(`Rank of ${name}`);
    }
    return feeds;
  });
}

/** A tensor of the same class with other contents. */
function withData(tensor: Feeds[string], data: unknown, dims: readonly number[]): Feeds[string] {
  const Tensor = tensor.constructor as new (...parts: unknown[]) => Feeds[string];
  return new Tensor(tensor.type, data, dims);
}

/** Ids that a case gives, or `failed`. */
async function decode(
  reference: CohereReference,
  { encoder, decoder }: CohereSessions,
  options: { expected: GoldenCase; prompt?: readonly number[] },
): Promise<number[] | 'failed'> {
  const { expected, prompt = expected.prompt_ids } = options;
  const graphs = await createCohereGraphs({ encoder, decoder }, readConfig(reference));
  const { endId } = createPromptBuilder(readPieces(reference), {
    languages: [],
    promptTokens: 10,
    tokenTable: 'own',
  });
  try {
    const encoding = await graphs.encode(readSamples(reference, expected.audio));
    const { tokens } = await decodeCohereTokens(graphs.startDecoder(encoding), prompt, {
      endId,
      eosBias: expected.eos_bias,
      maxTokens: Math.min(expected.max_tokens, graphs.contextTokens - prompt.length),
      isCancelled: () => false,
    });
    return tokens.map(({ tokenId }) => tokenId);
  } catch {
    return 'failed';
  }
}

describe.skipIf(!waveformReference.isThere)('on cohere-tiny (needs golden results)', () => {
  const { golden } = waveformReference;
  let expected: GoldenCase;
  let sessions: CohereSessions;
  beforeAll(async () => {
    sessions = await openSessions(waveformReference);
    expected = known(longestCase(waveformReference, ({ prompt_tokens }) => prompt_tokens === 10));
  });
  afterAll(() => closeSessions(sessions));
  const decodeFedWrongly = (change: Change) =>
    decode(
      waveformReference,
      { ...sessions, decoder: mistaken(sessions.decoder, change) },
      { expected },
    );

  it('the right way gives the golden tokens', async () => {
    expect(await decode(waveformReference, sessions, { expected })).toEqual(expected.generated_ids);
  });

  it('pitfall 6: nine prompt tokens are not the same input as ten', async () => {
    const build = (promptTokens: 9 | 10) =>
      createPromptBuilder(readPieces(waveformReference), {
        languages: [expected.language],
        promptTokens,
        tokenTable: 'own',
      }).buildPrompt({ language: expected.language, punctuation: expected.pnc });
    expect(build(10)).toEqual(expected.prompt_ids);
    expect(build(9)).toEqual(expected.prompt_ids.slice(1));
    expect(await decode(waveformReference, sessions, { expected, prompt: build(9) })).not.toEqual(
      expected.generated_ids,
    );
  });

  it('pitfall 7: padding is heard, since nothing tells the encoder the length', async () => {
    const { name, encoder } = known(golden.audio[0]);
    const [output, check] = known(Object.entries(known(encoder))[0]);
    const samples = readSamples(waveformReference, name);
    const padded = new Float32Array(samples.length + 16_000);
    padded.set(samples);
    const graphs = await createCohereGraphs(sessions);
    const differenceOf = async (audio: Float32Array) => {
      const { dims, data } = known((await graphs.encode(audio))[output]);
      return compareTensor({ dims, data: data as Float32Array }, check);
    };
    expect((await differenceOf(samples)).values).toBeLessThan(golden.tolerance.encoder_abs);
    const mistake = await differenceOf(padded);
    expect(mistake.shape).toBe(false);
    expect(mistake.values).toBeGreaterThan(golden.tolerance.encoder_abs);
  });

  it('pitfall 7: the encoder takes no batch', async () => {
    const samples = readSamples(waveformReference, expected.audio);
    const encoder = mistaken(sessions.encoder, ({ audio }) => ({
      audio: withData(known(audio), Float32Array.of(...samples, ...samples), [2, samples.length]),
    }));
    const result = await decode(waveformReference, { ...sessions, encoder }, { expected });
    expect(result).not.toEqual(expected.generated_ids);
  });

  it('pitfall 7: an offset of shape [1] is not one of rank 0', async () => {
    const asOne: Change = (feeds) => ({
      ...feeds,
      offset: withData(known(feeds['offset']), known(feeds['offset']).data, [1]),
    });
    const decodeStrictly = (change: Change) =>
      decode(
        waveformReference,
        { ...sessions, decoder: mistaken(strict(sessions.decoder), change) },
        { expected },
      );
    expect(await decodeStrictly((feeds) => feeds)).toEqual(expected.generated_ids);
    expect(await decodeStrictly(asOne)).toBe('failed');
  });

  it('pitfall 7: the offset counts the prompt too', async () => {
    const result = await decodeFedWrongly((feeds) => {
      const [position = 0n] = known(feeds['offset']).data as BigInt64Array;
      const generated = position === 0n ? 0n : position - BigInt(expected.prompt_ids.length);
      return {
        ...feeds,
        offset: withData(known(feeds['offset']), BigInt64Array.of(generated), []),
      };
    });
    expect(result).not.toEqual(expected.generated_ids);
  });

  it('pitfall 7: the caches that come back are the ones to feed', async () => {
    let firstCaches: Feeds | undefined;
    const result = await decodeFedWrongly((feeds) => {
      firstCaches ??= Object.fromEntries(
        Object.entries(feeds).filter(([name]) => name.endsWith('_cache')),
      );
      return { ...feeds, ...firstCaches };
    });
    expect(result).not.toEqual(expected.generated_ids);
  });

  const spoken = longestCase(melReference, isWholeText);
  it.skipIf(!spoken)(
    'pitfall 10: the form is in the graph, not in the name of its file',
    async () => {
      // Two repositories use the same names for different bytes: here the mel form under the names of the other.
      const folder = mkdtempSync(join(tmpdir(), 'steno-names-'));
      const place = (from: string, to: string): string => {
        for (const name of readdirSync(dirname(from))) {
          if (name.startsWith(`${basename(from)}_`)) {
            copyFileSync(join(dirname(from), name), join(folder, name));
          }
        }
        copyFileSync(from, join(folder, to));
        return join(folder, to);
      };
      const formByName = (path: string) =>
        basename(path).startsWith('cohere-encoder') ? 'waveform' : 'mel';
      const files = {
        ...melReference.files,
        encoder: place(melReference.files.encoder, basename(waveformReference.files.encoder)),
        decoder: place(
          known(melReference.files.decoder),
          basename(known(waveformReference.files.decoder)),
        ),
      };
      const { audio, language, pnc, text } = known(spoken);
      const model = describeModel({ ...melReference, files }, switchesOf(known(spoken)));
      const recognizer = await loadRecognizer(model);
      const [result] = await recognizer.recognize([{ samples: readSamples(melReference, audio) }], {
        language,
        punctuation: pnc,
      });
      await recognizer.close();
      rmSync(folder, { recursive: true });
      expect(formByName(files.encoder)).toBe('waveform');
      const heard = known(result).words.map((word) => word.text);
      expect(withoutSpaces(heard.join(''))).toBe(withoutSpaces(text));
    },
  );
});

describe.skipIf(!melReference.isThere)('on cohere-mel-tiny (needs golden results)', () => {
  const { golden } = melReference;
  let sessions: CohereSessions;
  beforeAll(async () => {
    sessions = await openSessions(melReference);
  });
  afterAll(() => closeSessions(sessions));

  /** The encoder's answer when its rows are changed. */
  const encodeFedWrongly = async (
    samples: Float32Array,
    change: (rows: Float32Array, size: { frames: number; mels: number }) => Float32Array,
  ) => {
    const encoder = mistaken(sessions.encoder, ({ input_features: features }) => {
      const [, frames = 0, mels = 0] = known(features).dims;
      const rows = change(known(features).data as Float32Array, { frames, mels });
      return { input_features: withData(known(features), rows, [1, rows.length / mels, mels]) };
    });
    const graphs = await createCohereGraphs({ ...sessions, encoder }, readConfig(melReference));
    const { dims, data } = known((await graphs.encode(samples))['last_hidden_state']);
    return { dims, data: data as Float32Array };
  };

  it('pitfall 5: rows are frames, not mel bins', async () => {
    const { name, last_hidden_state: check } = known(golden.audio[0]);
    const samples = readSamples(melReference, name);
    const right = await encodeFedWrongly(samples, (rows) => rows);
    expect(compareTensor(right, known(check)).values).toBeLessThan(golden.tolerance.encoder_abs);
    const transposed = await encodeFedWrongly(samples, (rows, { frames, mels }) =>
      rows.map((_, i) => known(rows[(i % frames) * mels + Math.floor(i / frames)])),
    );
    expect(compareTensor(transposed, known(check)).values).toBeGreaterThan(
      golden.tolerance.encoder_abs,
    );
  });

  it('pitfall 5: the column that does not count would be a frame of its own', async () => {
    const whole = readSamples(melReference, known(golden.audio[0]).name);
    const frames = Math.floor(whole.length / 160 / 8);
    const samples = whole.subarray(0, frames * 8 * 160);
    const right = await encodeFedWrongly(samples, (rows) => rows);
    expect(right.dims[1]).toBe(frames);
    const longer = await encodeFedWrongly(samples, (rows, { mels }) =>
      Float32Array.of(...rows, ...new Float32Array(mels)),
    );
    expect(longer.dims[1]).toBe(frames + 1);
  });

  it('pitfall 7: the number of logits to keep is of rank 0, too', async () => {
    const expected = known(golden.cases[0]);
    const strictly = { ...sessions, decoder: strict(sessions.decoder) };
    const decoder = mistaken(strictly.decoder, (feeds) => ({
      ...feeds,
      num_logits_to_keep: withData(known(feeds['num_logits_to_keep']), BigInt64Array.of(1n), [1]),
    }));
    expect(await decode(melReference, strictly, { expected })).toEqual(expected.generated_ids);
    expect(await decode(melReference, { ...sessions, decoder }, { expected })).toBe('failed');
  });
});

describe('text tables', () => {
  const table = [
    '<unk> 0',
    '<pad> 1',
    '\u2581 2',
    '  3',
    'a b 4',
    '\u2581the 5',
    'x\u2028y 6',
    ...Array.from(
      { length: 256 },
      (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}> ${byte + 7}`,
    ),
  ];
  const bytes = (text: string) => [...Buffer.from(text, 'utf8')].map((byte) => byte + 7);
  const ids = [5, 3, 4, ...bytes('你'), 2, 5, 6];
  const text = 'the a b你  thex\u2028y';
  const spell = (pieces: readonly string[], tokenIds = ids) =>
    joinSpellings(
      spellTokens(
        tokenIds.map((tokenId) => ({ tokenId, logProbability: 0 })),
        pieces,
      ),
    );

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ])('pitfall 8: lines end at %s alone, at the last space, and are not trimmed', (_, end) => {
    expect(spell(parsePieceTable(table.join(end) + end))).toBe(text);
  });

  it.each<[string, (file: string) => string[]]>([
    [
      'keeping CR',
      (file) => file.split('\n').map((line) => line.slice(0, line.search(/ \d+\r?$/)) + '\r'),
    ],
    [
      'trimming lines',
      (file) =>
        file
          .trim()
          .split(/\r?\n/)
          .map((line) => line.trim().replace(/\s*\d+$/, '')),
    ],
    [
      'splitting at the first space',
      (file) => file.split(/\r?\n/).map((line) => known(line.split(' ')[0])),
    ],
    [
      'ending lines at U+2028',
      (file) => file.split(/\r?\n|\u2028/).map((line) => line.replace(/ \d+$/, '')),
    ],
  ])('pitfall 8: %s gives wrong text', (_, parse) => {
    expect(spell(parse(table.join('\r\n')))).not.toBe(text);
  });

  it('pitfall 8: bytes decoded piece by piece give wrong text', () => {
    const pieces = parsePieceTable(table.join('\n'));
    const onePiece = (id: number) => spellTokens([{ tokenId: id, logProbability: 0 }], pieces);
    expect(spell(pieces, bytes('你'))).toBe('你');
    expect(joinSpellings(bytes('你').flatMap(onePiece))).toBe('\uFFFD\uFFFD\uFFFD');
  });

  it('pitfall 8: dropping pieces of white space joins words', () => {
    const pieces = parsePieceTable(table.join('\n'));
    const isBlank = (id: number) => known(pieces[id]).replaceAll('\u2581', ' ').trim() === '';
    expect(
      spell(
        pieces,
        ids.filter((id) => !isBlank(id)),
      ),
    ).not.toBe(text);
  });
});

/** The mistake of pitfall 9 is to ask the vocabulary, which has these codes. */
const [trained = ''] = waveformReference.languages;
const others = (waveformReference.isThere ? readPieces(waveformReference) : [])
  .flatMap((piece) => /^<\|([a-z]{2})\|>$/.exec(piece)?.[1] ?? [])
  .filter((language) => language !== trained);

describe.skipIf(others.length === 0)('languages (needs golden results)', () => {
  it.each(others.slice(0, 3))(
    'pitfall 9: %s is in the vocabulary, but no language that the model knows',
    async (language) => {
      const model = { ...describeModel(waveformReference), languages: [trained] };
      const recognizer = await loadRecognizer(model);
      const samples = readSamples(waveformReference, known(waveformReference.golden.audio[0]).name);
      await expect(recognizer.recognize([{ samples }], { language })).rejects.toMatchObject({
        code: 'LANGUAGE_UNSUPPORTED',
        message: expect.stringContaining(trained) as string,
      });
      await recognizer.close();
    },
  );
});
