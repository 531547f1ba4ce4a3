// The project's examples as a check hears them: line by line, as their scripts say when each is spoken.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type AudioDecoder, SAMPLE_RATE_HZ } from '@stenofleet/asr-core';
import { z } from 'zod';

const examplesFolder = new URL('../../../../examples/', import.meta.url);
const examples = [
  { name: 'podcast', file: 'podcast.mp3' },
  { name: 'call', file: 'call.wav' },
  { name: 'film', file: 'film.mp4' },
] as const;

/** Around a line, so that its first and last sounds are whole. */
const MARGIN_SECONDS = 0.1;

const linesSchema = z.array(
  z.object({ channel: z.int(), start: z.number(), end: z.number(), text: z.string() }),
);

/** One spoken line: mono, −1…1, 16 kHz, with the text that is said. */
export type SpokenLine = { samples: Float32Array; text: string };

export async function readExampleSpeech(
  decoder: AudioDecoder,
  signal: AbortSignal,
): Promise<SpokenLine[]> {
  const spoken: SpokenLine[] = [];
  for (const { name, file } of examples) {
    const script = await readFile(new URL(`${name}.segments.json`, examplesFolder), 'utf8');
    const lines = linesSchema.parse(JSON.parse(script));
    const channels = await decodeChannels(file, { decoder, signal });
    for (const { channel, start, end, text } of lines) {
      const audio = channels[channel] ?? new Float32Array(0);
      const from = Math.max(0, Math.round((start - MARGIN_SECONDS) * SAMPLE_RATE_HZ));
      const to = Math.round((end + MARGIN_SECONDS) * SAMPLE_RATE_HZ);
      spoken.push({ samples: audio.slice(from, to), text });
    }
  }
  return spoken;
}

async function decodeChannels(
  file: string,
  { decoder, signal }: { decoder: AudioDecoder; signal: AbortSignal },
): Promise<Float32Array[]> {
  const path = fileURLToPath(new URL(file, examplesFolder));
  const audio = await decoder.openAudio(path, { channels: 'separate', signal });
  const blocks: Float32Array[][] = [];
  for await (const block of audio.blocks()) blocks.push(block);
  const [first = []] = blocks;
  return first.map((_, channel) => {
    const parts = blocks.map((block) => block[channel] ?? new Float32Array(0));
    const samples = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      samples.set(part, at);
      at += part.length;
    }
    return samples;
  });
}
