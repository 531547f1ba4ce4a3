// The facts about Granite that a hurried implementer gets wrong (docs/models/granite.md, "Traps"). Each mistake is made here, in
// otherwise right steps, and must change what comes out; without one the golden results come out.

import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type GraniteFeatures,
  type GraniteModel,
  type OnnxSession,
  collapseDraft,
  collapseEdited,
  edit,
  encode,
  insertSlots,
  openGraniteModel,
  toEditorInput,
} from '@stenofleet/asr-core/reference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type GoldenCase,
  audioOf,
  describeModel,
  golden,
  granitePath,
  hasGolden,
  need,
  needsReference,
  padFeatures,
  readFeatures,
  readFloats,
  switchesOf,
  tiers,
} from './granite-reference.js';

/** Samples of one row of features. */
const ROW = 320;

type Run = OnnxSession['run'];
type Feeds = Parameters<Run>[0];
type Outputs = Awaited<ReturnType<Run>>;
type Encoding = Awaited<ReturnType<typeof encode>>;

/** What a host does wrong; all else is done right. */
type Mistake = {
  features?: (model: GraniteModel, samples: Float32Array) => GraniteFeatures;
  /** Changes what the encoder answers. */
  encoded?: (outputs: Outputs, features: GraniteFeatures) => void;
  draftIds?: (encoding: Encoding, model: GraniteModel) => number[];
  editorInput?: (draftIds: number[], model: GraniteModel) => number[];
  slots?: (ids: number[], endTokenId: number) => number[];
  divisor?: number;
  embedded?: (outputs: Outputs) => void;
  /** Changes what the editor is given. */
  editorFeeds?: (feeds: Feeds, audioRows: number) => void;
  edited?: (outputs: Outputs, audioRows: number, numSlots: number) => void;
  collapse?: boolean;
};

/** By the names under which the golden results count the cases that each changes. */
const mistakes: Record<string, Mistake> = {
  'blank-is-eos': {
    draftIds: ({ draft }, { tokenizer }) =>
      dropRepeats([...draft.ids]).filter((id) => id !== tokenizer.endTokenId),
  },
  'no-shift': {
    draftIds: (encoding) => collapseDraft(encoding).map(({ tokenId }) => tokenId + 1),
  },
  'draft-no-collapse': {
    draftIds: ({ draft }) => [...draft.ids].filter((id) => id > 0).map((id) => id - 1),
  },
  mask: { encoded: (outputs) => void floats(outputs, 'bpe_mask').fill(1) },
  'no-lower': {
    editorInput: (ids, { tokenizer }) => {
      const text = tokenizer.decode(ids).trim();
      return tokenizer.encode(text === '' ? ' ' : text);
    },
  },
  'no-minimum': { slots: (ids, end) => insertSlots(ids, end).slice(0, 2 * ids.length + 1) },
  'all-rows': {
    encoded(outputs) {
      const rows = need(need(outputs['audio_embeds']).dims[1]);
      (need(outputs['audio_lengths']).data as BigInt64Array)[0] = BigInt(rows);
    },
  },
  'no-division': { divisor: 1 },
  'text-times-12': {
    embedded(outputs) {
      const embeds = floats(outputs, 'inputs_embeds');
      embeds.forEach((value, i) => (embeds[i] = value * golden.dims.embedding_multiplier));
    },
  },
  causal: {
    editorFeeds(feeds) {
      const length = lastSize(feeds, 'attention_mask');
      const mask = floats(feeds, 'attention_mask');
      for (let row = 0; row < length; row++) {
        mask.fill(-1e9, row * length + row + 1, (row + 1) * length);
      }
    },
  },
  'positions-restart': {
    editorFeeds(feeds, audioRows) {
      const positions = need(feeds['position_ids']).data as BigInt64Array;
      positions.forEach((_, i) => {
        if (i >= audioRows) positions[i] = BigInt(i - audioRows);
      });
    },
  },
  'no-slice': {
    edited(outputs, audioRows, numSlots) {
      const width = lastSize(outputs, 'logits');
      floats(outputs, 'logits').copyWithin(audioRows * width, 0, numSlots * width);
    },
  },
  'no-collapse': { collapse: false },
  'zero-pad': {
    // Half a window of zeros is reflected into zeros; what stands before the first row is cut off again.
    features({ extractor }, samples) {
      const padded = new Float32Array(samples.length + 3 * ROW);
      padded.set(samples, ROW);
      return takeRows(extractor.computeFeatures(padded), 1, Math.floor(samples.length / ROW));
    },
  },
  'late-cut': {
    // The tail is made long enough for a row, which counts for the maximum and is cut off after it.
    features({ extractor }, samples) {
      const tail = samples.slice(-ROW - 1, -1).reverse();
      const longer = Float32Array.of(...samples, ...tail);
      return takeRows(extractor.computeFeatures(longer), 0, Math.floor(samples.length / ROW));
    },
  },
};

/** Random weights need not show every mistake; the golden results say which they do. */
const noticed = Object.entries(golden.mistakes_noticed ?? {})
  .filter(([name, count]) => Object.hasOwn(mistakes, name) && Number.parseInt(count) > 0)
  .map(([name]) => name);

describe.skipIf(!hasGolden)(`Granite${needsReference}`, () => {
  const models = new Map<string, GraniteModel>();
  beforeAll(async () => {
    for (const mode of ['round_trip', 'direct'] as const) {
      models.set(mode, await openGraniteModel(describeModel(need(tiers[0]), switchesOf({ mode }))));
    }
  });
  afterAll(async () => {
    for (const { graphs } of models.values()) {
      for (const session of Object.values(graphs)) await session.close();
    }
  });

  const countChanged = async (mistake: Mistake): Promise<number> => {
    let changed = 0;
    for (const expected of golden.cases) {
      const text = await transcribe(need(models.get(expected.mode)), expected, mistake);
      if (text !== expected.text) changed += 1;
    }
    return changed;
  };
  const expectNoticed = async (...names: string[]): Promise<void> => {
    for (const name of names.filter((candidate) => noticed.includes(candidate))) {
      expect(await countChanged(need(mistakes[name])), name).toBeGreaterThan(0);
    }
  };

  it('without a mistake, every text is the golden one', async () => {
    expect(await countChanged({})).toBe(0);
  });

  it('pitfall 1: the blank is class 0, not the end token, and a token is its class less one', async () => {
    await expectNoticed('blank-is-eos', 'no-shift');
  });

  it("pitfall 2: only the rows that count go to the editor, divided by the multiplier; of its answer, only the slots' tokens count, repetitions and end tokens dropped", async () => {
    await expectNoticed('all-rows', 'no-division', 'text-times-12', 'no-slice', 'no-collapse');
    for (const { editor_argmax, final_ids, slots } of golden.cases) {
      const ids = {
        ids: Int32Array.from(editor_argmax),
        logProbabilities: new Float32Array(slots.length),
      };
      const tokens = collapseEdited(ids, { collapse: true, endTokenId: -1 });
      const hasEndTokens = editor_argmax.includes(golden.dims.end_of_text);
      expect(tokens.length > final_ids.length).toBe(hasEndTokens);
    }
  });

  it('pitfall 5: the ends are reflected, and the tail that fills no row does not count for the maximum', async () => {
    await expectNoticed('zero-pad', 'late-cut');
  });

  it.each(noticed)(
    'the mistake "%s", which the golden results count, changes texts',
    async (name) => {
      await expectNoticed(name);
    },
  );

  describe('pitfall 10: a tier is a folder, and weights lie beside their graph under the name it gives them', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'granite-tier-'));
    });
    afterAll(() => rm(folder, { recursive: true }));

    it.each(['encoder', 'embed_tokens', 'editor'])(
      'without its sidecar, or with one named as another export would, %s does not open',
      async (stem) => {
        for (const sidecar of [`${stem}.onnx_data`, `${stem}.onnx.data`, undefined]) {
          const tier = join(folder, `${stem}-${sidecar ?? 'none'}`);
          await mkdir(tier);
          await copyFile(granitePath(need(tiers[0]), `${stem}.onnx`), join(tier, `${stem}.onnx`));
          if (sidecar) {
            await copyFile(granitePath(need(tiers[0]), `${stem}.onnx_data`), join(tier, sidecar));
          }
          const opening = openWith({ [need(roles[stem])]: join(tier, `${stem}.onnx`) });
          if (sidecar === `${stem}.onnx_data`) await opening;
          else await expect(opening).rejects.toMatchObject({ code: 'MODEL_FILE_UNREADABLE' });
        }
      },
    );

    it.skipIf(tiers.length < 2)(
      'with the sidecar of another tier, the editor is not itself',
      async () => {
        await copyFile(granitePath(need(tiers[0]), 'editor.onnx'), join(folder, 'editor.onnx'));
        await copyFile(
          granitePath(need(tiers[1]), 'editor.onnx_data'),
          join(folder, 'editor.onnx_data'),
        );
        const opening = openWith({ editor: join(folder, 'editor.onnx') });
        const outcome = await opening.then(
          async (model) => {
            const expected = need(
              golden.cases.find(({ mode, text }) => mode === 'round_trip' && text !== ''),
            );
            return (await transcribe(model, expected, {})) === expected.text;
          },
          () => false,
        );
        expect(outcome).toBe(false);
      },
    );
  });
});

const roles: Record<string, string> = {
  encoder: 'encoder',
  embed_tokens: 'embedTokens',
  editor: 'editor',
};

async function openWith(files: Record<string, string>): Promise<GraniteModel> {
  const description = describeModel(need(tiers[0]));
  return openGraniteModel({ ...description, files: { ...description.files, ...files } });
}

/** The text of a case, with one mistake; undefined where the mistake makes a graph fail. */
async function transcribe(
  model: GraniteModel,
  expected: GoldenCase,
  mistake: Mistake,
): Promise<string | undefined> {
  const { tokenizer, switches, divisor } = model;
  const golden = audioOf(expected);
  const features = padFeatures(
    mistake.features?.(model, readFloats(golden.file)) ?? readFeatures(golden),
    expected.padding_rows,
  );
  const encoder = changing(model.graphs.encoder, {
    outputs: (outputs) => mistake.encoded?.(outputs, features),
  });
  const encoding = await encode(encoder, features);
  const draftIds =
    mistake.draftIds?.(encoding, model) ?? collapseDraft(encoding).map(({ tokenId }) => tokenId);
  const known = draftIds.map((id) => Math.min(id, tokenizer.vocabularySize - 1));
  const input =
    (switches.draft === 'round-trip' && mistake.editorInput?.(known, model)) ||
    toEditorInput(known, tokenizer, switches.draft);
  const slots = (mistake.slots ?? insertSlots)(input, tokenizer.endTokenId);
  if (slots.length === 0) return undefined;
  const graphs = {
    embedTokens: changing(model.graphs.embedTokens, {
      outputs: (outputs) => mistake.embedded?.(outputs),
    }),
    editor: changing(model.graphs.editor, {
      feeds: (feeds) => mistake.editorFeeds?.(feeds, encoding.audioRows),
      outputs: (outputs) => mistake.edited?.(outputs, encoding.audioRows, slots.length),
    }),
  };
  const edited = await edit(graphs, encoding, { slots, divisor: mistake.divisor ?? divisor });
  const tokens = collapseEdited(edited, {
    collapse: mistake.collapse ?? switches.collapse,
    endTokenId: tokenizer.endTokenId,
  });
  return tokenizer.decode(tokens.map(({ tokenId }) => tokenId)).trim();
}

/** The session with its tensors changed in place before or after the run. */
function changing(
  session: OnnxSession,
  change: { feeds?: (feeds: Feeds) => void; outputs?: (outputs: Outputs) => void },
): OnnxSession {
  return {
    ...session,
    async run(feeds, names) {
      change.feeds?.(feeds);
      const outputs = await session.run(feeds, names);
      change.outputs?.(outputs);
      return outputs;
    },
  };
}

function takeRows(features: GraniteFeatures, first: number, numRows: number): GraniteFeatures {
  const width = features.data.length / features.numRows;
  const data = features.data.slice(first * width, (first + numRows) * width);
  return { data, numRows, validRows: numRows };
}

function dropRepeats(ids: readonly number[]): number[] {
  return ids.filter((id, i) => id !== ids[i - 1]);
}

function floats(tensors: Feeds, name: string): Float32Array {
  return need(tensors[name]).data as Float32Array;
}

function lastSize(tensors: Feeds, name: string): number {
  return need(need(tensors[name]).dims.at(-1));
}
