import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ChunkResult,
  type CutChunk,
  type CutChunksOptions,
  type Inference,
  type InferenceProcess,
  type PreparedSpeech,
  createAudioDecoder,
  cutChunks,
  joinChunks,
  openLanePool,
  recognizeChunk,
  startInferenceProcess,
  transcribeAudio,
} from '@stenofleet/asr-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoModel } from '../fixtures/demo-model.js';
import { examplePath, readExample } from '../fixtures/example-audio.js';

const SECOND = 16_000;
const BLOCK_SAMPLES = 163_840;
const decoder = createAudioDecoder();
const folder = mkdtempSync(join(tmpdir(), 'chunks-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a recording that is recognised in chunks', () => {
  let inference: Inference;
  beforeAll(async () => {
    inference = await openLanePool({ model: demoModel, laneCount: 2 });
  });
  afterAll(() => inference.close());

  it.each([
    ['one after the other', 'mix', 'podcast.mp3'],
    ['with two channels', 'separate', 'call.wav'],
  ] as const)('has the words that it has in one piece: %s', async (_, channels, name) => {
    const open = () => decoder.openAudio(examplePath(name), { channels });
    const twice = async function* () {
      // Not a whole number of blocks: the second time, nothing lies where it lay before.
      yield* inBlocks([...(await readAll(open)), ...(await readAll(open))]);
    };
    const whole = await transcribeAudio(twice(), inference);
    const { chunks, prepared } = await cutAll(twice(), inference, { chunkSeconds: 20 });
    expect(chunks.length).toBeGreaterThan(3);
    expect(whole.channels.every(({ words }) => words.length > 30)).toBe(true);

    const results = await recognizeAll(chunks, inference);
    expect(joinChunks(results, prepared)).toEqual(whole);
    expect(results.every(({ computeSeconds }) => computeSeconds > 0)).toBe(true);

    const stored = await Promise.all(chunks.map(keepAsFlac));
    const kept = joinChunks(await recognizeAll(stored, inference), throughJson(prepared));
    expect(kept).toEqual(whole);
  });

  it('has the words that it has in one piece where speech never pauses', async () => {
    const speech = await readExample('film.mp4');
    // Speech detection that hears no pause: every cut is a seam, and so are those between chunks.
    const options = { speech: { threshold: 0.02, minSilenceMs: 5_000 } };
    const twice = () => inBlocks([[speech], [speech]]);
    const whole = await transcribeAudio(twice(), inference, options);
    const { chunks, prepared } = await cutAll(twice(), inference, { ...options, chunkSeconds: 20 });
    const isSeam = chunks.some(
      ({ plan }, index) => plan.startSamples < (chunks[index - 1]?.plan.endSamples ?? 0),
    );
    expect(isSeam).toBe(true);
    const results = await recognizeAll(chunks, inference);
    expect(joinChunks(results, prepared)).toEqual(whole);
  });

  it('is heard whole where it is short', async () => {
    const speech = (await readExample('film.mp4')).slice(0, 15 * SECOND);
    const whole = await transcribeAudio(inBlocks([[speech]]), inference);
    const { chunks, prepared } = await cutAll(inBlocks([[speech]]), inference, {});
    expect(chunks.map(({ plan }) => [plan.startSamples, plan.endSamples])).toEqual([
      [0, 15 * SECOND],
    ]);
    expect(joinChunks(await recognizeAll(chunks, inference), prepared)).toEqual(whole);
  });
});

describe('audio that is kept as FLAC', () => {
  it.each([1, 2, 11])('comes back sample by sample, with %i channels', async (numChannels) => {
    const audio = Array.from({ length: numChannels }, (_, channel) =>
      Float32Array.from(
        { length: 70_001 },
        (_, i) => (((i * (channel + 7)) % 65_536) - 32_768) / 32_768,
      ),
    );
    const path = join(folder, `${numChannels} channels.flac`);
    await decoder.writeFlac(audio, path);
    const read = await decoder.readFlac(path, numChannels, { expectedSamples: 70_001 });
    expect(Buffer.concat(read.map(toBuffer)).equals(Buffer.concat(audio.map(toBuffer)))).toBe(true);
  });

  it('comes back sample by sample beyond full scale', async () => {
    const path = join(folder, 'loud.flac');
    const step = 1 / 32_768;
    const loud = [Float32Array.of(1, -1 - step, step, 0.5, 0), Float32Array.of(255, -255, 0, 3, 7)];
    await decoder.writeFlac(loud, path);
    expect(await decoder.readFlac(path, 2, { expectedSamples: 5 })).toEqual(loud);
  });

  it('has the same bytes each time', async () => {
    const audio = [await readExample('film.mp4')];
    const path = join(folder, 'again.flac');
    await decoder.writeFlac(audio, path);
    const first = readFileSync(path);
    await decoder.writeFlac(audio, path);
    expect(readFileSync(path).equals(first)).toBe(true);
  });

  it('is refused where it is not whole', async () => {
    const speech = await readExample('film.mp4');
    const path = join(folder, 'broken.flac');
    const { length } = speech;
    const read = (expectedSamples: number, at = path) =>
      decoder.readFlac(at, 1, { expectedSamples });
    const unreadable = { code: 'AUDIO_UNREADABLE' };
    await decoder.writeFlac([speech], path);
    await expect(read(length - 1)).rejects.toMatchObject(unreadable);
    await expect(read(length + 1)).rejects.toMatchObject(unreadable);
    await expect(read(length, join(folder, 'none.flac'))).rejects.toMatchObject({
      code: 'AUDIO_NOT_FOUND',
    });
    const good = readFileSync(path);
    const flipped = Buffer.from(good);
    flipped.writeUInt8(flipped.readUInt8(good.length >> 1) ^ 0x10, good.length >> 1);
    writeFileSync(path, flipped);
    await expect(read(length)).rejects.toMatchObject(unreadable);
    writeFileSync(path, good);
    truncateSync(path, statSync(path).size - 10_000);
    await expect(read(length)).rejects.toMatchObject(unreadable);
    writeFileSync(path, 'no audio at all');
    await expect(read(length)).rejects.toMatchObject(unreadable);
  });

  it('says what stands in its way', async () => {
    const audio = [new Float32Array(100 * SECOND)];
    await expect(decoder.writeFlac(audio, join(folder, 'no', 'folder.flac'))).rejects.toMatchObject(
      {
        code: 'AUDIO_DECODE_FAILED',
        retryable: true,
      },
    );
    const path = join(folder, 'x.flac');
    const signal = AbortSignal.abort();
    await expect(decoder.writeFlac(audio, path, { signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    await expect(
      createAudioDecoder({ ffmpegPath: '/nowhere/ffmpeg' }).writeFlac(audio, path),
    ).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
  });
});

describe('an inference process that is recycled', () => {
  let inference: InferenceProcess;
  beforeAll(async () => {
    inference = await startInferenceProcess({ model: demoModel, laneCount: 2 });
  });
  afterAll(() => inference.close());

  it('rejects nothing, and goes on in a new process', async () => {
    const speech = await readExample('podcast.mp3');
    const recognize = (index: number) =>
      inference.recognize({ samples: speech.slice(index * SECOND, (index + 4) * SECOND) });
    const first = inference.pid;
    const before = Array.from({ length: 12 }, (_, index) => recognize(index));
    await before[0];
    const recycled = inference.recycle();
    expect(inference.recycle()).toBe(recycled);
    const after = Array.from({ length: 12 }, (_, index) => recognize(index));
    await recycled;
    const texts = async (results: typeof before) =>
      (await Promise.all(results)).map(({ words }) => words.map(({ text }) => text).join(' '));
    expect(await texts(after)).toEqual(await texts(before));
    expect(inference.pid).toBeDefined();
    expect(inference.pid).not.toBe(first);
  });

  it('is not noticed by a transcription that goes on', async () => {
    const speech = await readExample('podcast.mp3');
    const undisturbed = await transcribeAudio(inBlocks([[speech]]), inference);
    const pids = new Set<number | undefined>();
    const recycled: Promise<void>[] = [];
    const disturbed = await transcribeAudio(inBlocks([[speech]]), inference, {
      onProgress: () => {
        pids.add(inference.pid);
        recycled.push(inference.recycle());
      },
    });
    await Promise.all(recycled);
    expect(disturbed).toEqual(undisturbed);
    expect(pids.size).toBeGreaterThan(2);
  });

  it('lets go at once of what is cancelled while it waits for the new process', async () => {
    const speech = await readExample('podcast.mp3');
    const running = inference.recognize({ samples: speech.slice(0, 15 * SECOND) });
    await inference.getTimings();
    const recycled = inference.recycle();
    const controller = new AbortController();
    const waiting = inference.recognize({ samples: speech.slice(), signal: controller.signal });
    controller.abort();
    const first = await Promise.race([
      waiting.catch(() => 'cancelled'),
      recycled.then(() => 'recycled'),
    ]);
    expect(first).toBe('cancelled');
    expect((await running).words.length).toBeGreaterThan(0);
    await recycled;
  });

  it('tells the memory that it takes for itself, where the system tells', async () => {
    await inference.getTimings();
    const bytes = await inference.readPrivateBytes();
    if (process.platform === 'linux') expect(bytes).toBeGreaterThan(20 * 2 ** 20);
    await inference.recycle();
    expect(await inference.readPrivateBytes()).toBeUndefined();
  });
});

async function cutAll(
  blocks: AsyncIterable<readonly Float32Array[]>,
  inference: Inference,
  options: CutChunksOptions,
): Promise<{ chunks: CutChunk[]; prepared: PreparedSpeech }> {
  const cut = cutChunks(blocks, inference, options);
  const chunks: CutChunk[] = [];
  for (;;) {
    const { value, done } = await cut.next();
    if (done) return { chunks, prepared: value };
    chunks.push(value);
  }
}

async function recognizeAll(chunks: readonly CutChunk[], inference: Inference) {
  const results: ChunkResult[] = [];
  for (const chunk of chunks) results.push(throughJson(await recognizeChunk(chunk, inference)));
  return results;
}

async function keepAsFlac({ plan, audio }: CutChunk): Promise<CutChunk> {
  const path = join(folder, `chunk ${plan.index}.flac`);
  await decoder.writeFlac(audio, path);
  const expectedSamples = plan.endSamples - plan.startSamples;
  return {
    plan: throughJson(plan),
    audio: await decoder.readFlac(path, audio.length, { expectedSamples }),
  };
}

async function readAll(
  open: () => ReturnType<typeof decoder.openAudio>,
): Promise<Float32Array[][]> {
  const blocks: Float32Array[][] = [];
  for await (const block of (await open()).blocks()) blocks.push(block);
  return blocks;
}

/** Pieces of any length, one after the other, as a decoder would give them. */
async function* inBlocks(pieces: readonly Float32Array[][]): AsyncGenerator<Float32Array[]> {
  const numChannels = pieces[0]?.length ?? 0;
  const length = pieces.reduce((sum, [first]) => sum + (first?.length ?? 0), 0);
  const whole = Array.from({ length: numChannels }, (_, channel) => {
    const samples = new Float32Array(length);
    let at = 0;
    for (const piece of pieces) {
      samples.set(piece[channel] ?? [], at);
      at += piece[channel]?.length ?? 0;
    }
    return samples;
  });
  for (let from = 0; from < length; from += BLOCK_SAMPLES) {
    yield whole.map((samples) => samples.slice(from, from + BLOCK_SAMPLES));
    await Promise.resolve();
  }
}

function toBuffer({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function throughJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
