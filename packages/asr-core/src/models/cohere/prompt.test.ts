import { describe, expect, it } from 'vitest';
import { createPromptBuilder } from './prompt.js';

const fourteen = 'ar de el en es fr it ja ko nl pl pt vi zh'.split(' ');
/** The published ids that prompts need, and one language that has an id but was never trained. */
const published: Record<string, number> = {
  '<unk>': 0,
  '<|nospeech|>': 1,
  '<pad>': 2,
  '<|endoftext|>': 3,
  '<|startoftranscript|>': 4,
  '<|pnc|>': 5,
  '<|nopnc|>': 6,
  '<|startofcontext|>': 7,
  '<|itn|>': 8,
  '<|noitn|>': 9,
  '<|notimestamp|>': 11,
  '<|nodiarize|>': 13,
  '<|emo:undefined|>': 16,
  '\u2581': 13_764,
  ...{ '<|ar|>': 28, '<|zh|>': 50, '<|nl|>': 60, '<|en|>': 62, '<|fr|>': 69, '<|de|>': 76 },
  ...{ '<|el|>': 77, '<|it|>': 97, '<|ja|>': 98, '<|ko|>': 110, '<|pl|>': 148, '<|pt|>': 149 },
  ...{ '<|es|>': 169, '<|vi|>': 194, '<|sv|>': 173 },
};
const mismatch = (...texts: string[]) =>
  expect.objectContaining({
    code: 'MODEL_CONTRACT_MISMATCH',
    message: expect.stringMatching(new RegExp(texts.join('.*'), 'u')) as string,
  }) as Error;

function makeTable(size = 16_384): string[] {
  const table = Array.from({ length: size }, (_, id) => `piece${id}`);
  for (const [piece, id] of Object.entries(published)) table[id] = piece;
  return table;
}

function build(
  pieces: readonly string[],
  options: Partial<Parameters<typeof createPromptBuilder>[1]> = {},
) {
  return createPromptBuilder(pieces, {
    languages: fourteen,
    promptTokens: 10,
    tokenTable: 'known',
    ...options,
  });
}

describe('the prompt', () => {
  it('has ten tokens, with punctuation and words as they are said', () => {
    const { endId, buildPrompt } = build(makeTable());
    expect(buildPrompt({ language: 'en' })).toEqual([13_764, 7, 4, 16, 62, 62, 5, 9, 11, 13]);
    expect(endId).toBe(3);
  });

  it('asks for no punctuation, and for numbers as they are written', () => {
    const options = { language: 'ja', punctuation: false, inverseTextNormalization: true };
    expect(build(makeTable()).buildPrompt(options)).toEqual([
      ...[13_764, 7, 4, 16, 98, 98, 6, 8, 11, 13],
    ]);
  });

  it('has nine tokens by switch', () => {
    const { buildPrompt } = build(makeTable(), { promptTokens: 9 });
    expect(buildPrompt({ language: 'zh' })).toEqual([7, 4, 16, 50, 50, 5, 9, 11, 13]);
  });

  it('takes its ids from the table where that is the model’s own', () => {
    const own = ['<|endoftext|>', '\u2581', '<|de|>', ...makeTable().slice(3, 60)];
    const { endId, buildPrompt } = build([...own, '\u2581'], {
      languages: ['de'],
      tokenTable: 'own',
    });
    expect(buildPrompt({ language: 'de' })[4]).toBe(2);
    expect(buildPrompt({ language: 'de' })[0]).toBe(own.length);
    expect(endId).toBe(3);
  });
});

describe('the token table', () => {
  it('is refused when an id is not the known one', () => {
    const table = makeTable();
    [table[62], table[63]] = ['piece62', '<|en|>'];
    expect(() => build(table)).toThrow(mismatch('<\\|en\\|> at 62', 'tokenTable'));
  });

  it('is refused when it has another size', () => {
    expect(() => build(makeTable(16_385))).toThrow(mismatch('16385', '16384'));
  });

  it.each(['<|nopnc|>', '<|itn|>', '<|endoftext|>', '<|ko|>', '\u2581'])(
    'of a model’s own is refused when it lacks %s',
    (missing) => {
      const table = makeTable().map((piece) => (piece === missing ? 'other' : piece));
      expect(() => build(table, { tokenTable: 'own' })).toThrow(mismatch('no piece'));
    },
  );

  it('may have a language that the model was never trained on: a manifest may not name it', () => {
    expect(makeTable()).toContain('<|sv|>');
    expect(() => build(makeTable(), { languages: ['en', 'sv'] })).toThrow(
      mismatch('not trained on sv', ...fourteen),
    );
  });
});
