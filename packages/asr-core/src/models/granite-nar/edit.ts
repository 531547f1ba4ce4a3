import { Tensor } from 'onnxruntime-node';
import { type BestClasses, takeBest } from './best-classes.js';
import {
  EDITOR_INPUTS,
  EDITOR_OUTPUT,
  EMBED_INPUT,
  EMBED_OUTPUT,
  type GraniteGraphs,
} from './contract.js';
import { type Encoding } from './encode.js';

export type EditOptions = {
  /** Ids of the editor's text positions. */
  slots: readonly number[];
  /** What the audio's embeddings are divided by. */
  divisor: number;
};

/** One pass of the editor over audio and slots: the best id of each slot. */
export async function edit(
  { embedTokens, editor }: Pick<GraniteGraphs, 'embedTokens' | 'editor'>,
  { audioEmbeds, audioRows }: Pick<Encoding, 'audioEmbeds' | 'audioRows'>,
  { slots, divisor }: EditOptions,
): Promise<BestClasses> {
  const ids = BigInt64Array.from(slots, BigInt);
  const embedded = await embedTokens.run(
    { [EMBED_INPUT]: new Tensor('int64', ids, [1, slots.length]) },
    [EMBED_OUTPUT],
  );
  const text = embedded[EMBED_OUTPUT]!.data as Float32Array;
  const spliced = new Float32Array(audioEmbeds.length + text.length);
  // The editor multiplies all of its input; the projector's output must not be.
  for (let i = 0; i < audioEmbeds.length; i++) spliced[i] = audioEmbeds[i]! / divisor;
  spliced.set(text, audioEmbeds.length);

  const length = audioRows + slots.length;
  const positions = BigInt64Array.from({ length }, (_, position) => BigInt(position));
  const edited = await editor.run(
    {
      [EDITOR_INPUTS.embeds]: new Tensor('float32', spliced, [1, length, spliced.length / length]),
      [EDITOR_INPUTS.positions]: new Tensor('int64', positions, [1, length]),
      // Added to the attention: every position sees every other.
      [EDITOR_INPUTS.mask]: new Tensor('float32', new Float32Array(length * length), [
        1,
        1,
        length,
        length,
      ]),
    },
    [EDITOR_OUTPUT],
  );
  return takeBest(
    edited[EDITOR_OUTPUT]!,
    slots.map((_, slot) => audioRows + slot),
  );
}
