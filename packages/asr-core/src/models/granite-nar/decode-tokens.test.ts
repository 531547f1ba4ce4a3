import { describe, expect, it } from 'vitest';
import { collapseDraft, collapseEdited, insertSlots, toEditorInput } from './decode-tokens.js';
import { type GraniteTokenizer } from './tokenizer.js';

const END = 9;

describe('the draft', () => {
  it.each([
    [
      [1, 1, 0, 2, 0, 3],
      [0, 1, 2],
    ],
    [
      [2, 0, 2, 2],
      [1, 1],
    ],
    [[0, 0], []],
    [[], []],
  ])(
    'of the classes %j is %j: repetitions collapsed, blank 0 dropped, the rest less one',
    (classes, ids) => {
      expect(collapseDraft(frames(classes)).map(({ tokenId }) => tokenId)).toEqual(ids);
    },
  );

  it('knows which frames its tokens cover, where frames between them do not count', () => {
    const tokens = collapseDraft({ ...frames([4, 4, 5]), draftFrames: [1, 2, 7] });
    expect(tokens).toMatchObject([
      { tokenId: 3, startFrame: 1, endFrame: 3 },
      { tokenId: 4, startFrame: 7, endFrame: 8 },
    ]);
  });

  it("has the mean probability of a token's frames", () => {
    const [token] = collapseDraft(frames([4, 4], [0.9, 0.5]));
    expect(Math.exp(token!.logProbability)).toBeCloseTo(0.7, 5);
  });
});

describe('the editor is given', () => {
  const tokenizer: GraniteTokenizer = {
    endTokenId: END,
    vocabularySize: 10,
    encode: (text) => Array.from(text, (letter) => letter.codePointAt(0)!),
    decode: (ids) => String.fromCodePoint(...ids),
  };
  const encode = (text: string) => tokenizer.encode(text);

  it('the text of the draft, trimmed, in lower case and tokenized anew', () => {
    expect(toEditorInput(encode(' A b '), tokenizer, 'round-trip')).toEqual(encode('a b'));
  });

  it('a space where the draft is empty', () => {
    expect(toEditorInput([], tokenizer, 'round-trip')).toEqual(encode(' '));
    expect(toEditorInput(encode('  '), tokenizer, 'round-trip')).toEqual(encode(' '));
  });

  it('the ids as they are, by switch', () => {
    expect(toEditorInput(encode(' A'), tokenizer, 'direct')).toEqual(encode(' A'));
    expect(toEditorInput([], tokenizer, 'direct')).toEqual([]);
  });

  it.each([
    [[], [9, 9, 9, 9, 9, 9, 9, 9]],
    [
      [1, 2],
      [9, 1, 9, 2, 9, 9, 9, 9],
    ],
    [
      [1, 2, 3, 4, 5],
      [9, 1, 9, 2, 9, 3, 9, 4, 9, 5, 9],
    ],
  ])('slots around %j, and at least eight', (ids, slots) => {
    expect(insertSlots(ids, END)).toEqual(slots);
  });
});

describe("the editor's answer", () => {
  const answer = { ids: Int32Array.of(3, 3, 9, 3, 4, 9, 9), logProbabilities: new Float32Array(7) };
  const idsOf = (collapse: boolean) =>
    collapseEdited(answer, { collapse, endTokenId: END }).map(({ tokenId }) => tokenId);

  it('loses repetitions first, then end tokens', () => {
    expect(idsOf(true)).toEqual([3, 3, 4]);
  });

  it('keeps repetitions by switch', () => {
    expect(idsOf(false)).toEqual([3, 3, 3, 4]);
  });
});

function frames(classes: readonly number[], probabilities = classes.map(() => 1)) {
  return {
    draft: {
      ids: Int32Array.from(classes),
      logProbabilities: Float32Array.from(probabilities, Math.log),
    },
    draftFrames: classes.map((_, frame) => frame),
  };
}
