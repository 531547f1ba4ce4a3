// The gate of forced alignment: word times from the CTC model, of texts as they are written and as another model heard
// them, against the known places of the clips and against the times of a transducer.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ChunkResult,
  type Inference,
  type Word,
  createAudioDecoder,
  cutChunks,
  joinChunks,
  openLanePool,
  recognizeChunk,
} from '@stenofleet/asr-core';
import { type Aligner, openCtcAligner } from '@stenofleet/asr-core/reference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareWordTimes } from '../measure/compare-word-times.js';
import { readClipRecording } from '../measure/corpus.js';
import { alignWithClips } from '../measure/heard-words.js';
import { configurations, describeModel } from '../measure/models.js';
import { computeMedian } from '../measure/statistics.js';
import { measureWordTimes } from '../measure/word-times.js';

const shared = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const BLOCK_SAMPLES = 163_840;
/** Issue 5, section 3. */
const LIMIT_MS = 60;
/** A minute and a half of two cores, of which other work may take most. */
const TIMEOUT_MS = 600_000;

type HeardSegment = ChunkResult['segments'][number];

describe.skipIf(!existsSync(shared))('words placed by the CTC model (needs ../shared)', () => {
  let aligner: Aligner;
  let inference: Inference;

  beforeAll(async () => {
    const models = join(shared, 'models');
    aligner = await openCtcAligner(await describeModel(models, configurations.ctcInt8));
    const model = await describeModel(models, configurations.tdtFp32);
    inference = await openLanePool({ model, laneCount: 2 });
  });

  afterAll(async () => {
    await aligner.close();
    await inference.close();
  });

  it.each(['lj002_5min_video.mp4', 'lj001_chapter.mp3'])(
    'lie where they are said in %s',
    { timeout: TIMEOUT_MS },
    async (name) => {
      const recording = await readClipRecording(join(shared, 'audio', 'long'), name);
      const samples = await readSamples(recording.path);
      const texts = recording.clips.flatMap(({ text }) => text.split(/\s+/));
      // The lanes hear while this thread aligns.
      const [{ heard, prepared }, written] = await Promise.all([
        hear(samples, inference),
        alignTexts(texts, samples, aligner),
      ]);
      const carried: HeardSegment[] = [];
      for (const one of heard) {
        const { audioStartSamples, audioEndSamples } = one.segment;
        const audio = samples.subarray(audioStartSamples, audioEndSamples);
        const words = await alignTexts(textsOf(one.words), audio, aligner);
        expect(textsOf(words)).toEqual(textsOf(one.words));
        carried.push({ ...one, words: words.map(shiftBy(audioStartSamples)) });
      }
      const joinWords = (segments: HeardSegment[]) =>
        joinChunks([{ segments, computeSeconds: 0 }], prepared).channels.flatMap(
          ({ words }) => words,
        );
      const own = alignWithClips(recording.clips, joinWords(heard));
      const figures = [
        ['text as written', alignWithClips(recording.clips, written)],
        ['text as heard', alignWithClips(recording.clips, joinWords(carried))],
      ] as const;
      for (const [text, alignment] of figures) {
        const { startMs, endMs } = compareWordTimes(own.heard, alignment.heard);
        const { startOffsetsMs } = measureWordTimes(alignment);
        const medians = {
          'clip starts': computeMedian(startOffsetsMs.map(Math.abs)),
          'word starts': computeMedian(startMs.map(Math.abs)),
          'word ends': computeMedian(endMs.map(Math.abs)),
        };
        const shown = Object.entries(medians).map(([what, ms]) => `${what} ${ms.toFixed(0)} ms`);
        console.log(`${name}, ${text}, ${startMs.length} words: median ${shown.join(', ')}`);
        for (const [what, median] of Object.entries(medians)) {
          expect(median, `${what}, ${text}`).toBeLessThan(LIMIT_MS);
        }
      }
    },
  );
});

/** Texts with the places that the aligner finds; what it cannot spell is left out. */
async function alignTexts(
  texts: readonly string[],
  samples: Float32Array,
  aligner: Aligner,
): Promise<Word[]> {
  const words = texts.map((text) => ({ text, confidence: 1 }));
  const aligned = await aligner.align({ words, samples }, { language: 'en' });
  return aligned.flatMap(({ place, ...word }) => (place ? [{ ...word, ...place }] : []));
}

function textsOf(words: readonly Word[]): string[] {
  return words.map(({ text }) => text);
}

function shiftBy(samples: number) {
  return (word: Word): Word => ({
    ...word,
    startSamples: word.startSamples + samples,
    endSamples: word.endSamples + samples,
  });
}

async function readSamples(path: string): Promise<Float32Array> {
  const audio = await createAudioDecoder().openAudio(path, { channels: 'mix' });
  const blocks: Float32Array[] = [];
  for await (const channels of audio.blocks()) blocks.push(...channels);
  const samples = new Float32Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const block of blocks) {
    samples.set(block, position);
    position += block.length;
  }
  return samples;
}

/** What the transducer makes of a recording, segment by segment. */
async function hear(samples: Float32Array, inference: Inference) {
  const cutting = cutChunks(inBlocks(samples), inference);
  const recognizing: Promise<ChunkResult>[] = [];
  let next = await cutting.next();
  for (; !next.done; next = await cutting.next()) {
    recognizing.push(recognizeChunk(next.value, inference));
  }
  const results = await Promise.all(recognizing);
  return { heard: results.flatMap(({ segments }) => segments), prepared: next.value };
}

async function* inBlocks(samples: Float32Array) {
  for (let from = 0; from < samples.length; from += BLOCK_SAMPLES) {
    yield [samples.slice(from, from + BLOCK_SAMPLES)];
    await Promise.resolve();
  }
}
