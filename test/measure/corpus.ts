// The data folder's recordings and what is known of them, as lists of recordings to transcribe.

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { type Clip } from './heard-words.js';

const SPLIT_CHANNELS = new Set(['two_party_8k_ulaw_stereo.wav', 'call.wav']);

export type Recording = {
  /** Path inside its folder: the name in tables. */
  name: string;
  path: string;
  /** What is said, as written; absent where nobody wrote it down, empty where nothing is. */
  text?: string;
  channels: 'mix' | 'separate';
};

/** A recording with a known place for each stretch of its text. */
export type ClipRecording = Recording & { clips: Clip[] };

const manifestSchema = z.array(z.object({ file: z.string(), text: z.string().nullable() }));

const oracleSchema = z.object({
  sets: z.record(z.string(), z.object({ wer: z.number() })),
  files: z.record(z.string(), z.object({ errors: z.number(), words: z.number(), hyp: z.string() })),
});
/** What the reference implementation makes of the same weights. */
export type Oracle = z.infer<typeof oracleSchema>;

const clipsSchema = z.array(
  z.object({
    channel: z.number().default(0),
    start: z.number(),
    end: z.number(),
    text: z.string(),
  }),
);
const clipFileSchema = z.union([
  clipsSchema,
  z.object({ segments: clipsSchema }).transform(({ segments }) => segments),
]);

export async function readOracle(dataFolder: string, name: string): Promise<Oracle> {
  return oracleSchema.parse(await readJson(join(dataFolder, 'oracle', `${name}.json`)));
}

/** Recordings of `audio/<folder>/`, with their texts where the manifest has them. */
export async function listAudio(dataFolder: string, folder: string): Promise<Recording[]> {
  const manifest = manifestSchema.parse(await readJson(join(dataFolder, 'audio', 'manifest.json')));
  return manifest
    .filter(({ file }) => file.startsWith(`${folder}/`))
    .map(({ file, text }) => ({
      name: `audio/${file}`,
      path: join(dataFolder, 'audio', file),
      ...(text !== null && { text }),
      channels: 'mix',
    }));
}

/** The read sentences of `corpora/lj-part1`. */
export async function listSentences(dataFolder: string): Promise<Recording[]> {
  const folder = 'corpora/lj-part1';
  const [, ...rows] = (await readFile(join(dataFolder, folder, 'metadata.tsv'), 'utf8'))
    .trimEnd()
    .split('\n');
  return rows.map((row) => {
    const [id = '', , , text = ''] = row.split('\t');
    const name = `${folder}/flac/${id}.flac`;
    return { name, path: join(dataFolder, name), text, channels: 'mix' };
  });
}

/** A recording beside which a `.segments.json` says what is spoken where. */
export async function readClipRecording(folder: string, name: string): Promise<ClipRecording> {
  const path = join(folder, name);
  const clips = clipFileSchema.parse(
    await readJson(join(folder, name.replace(/\.\w+$/, '.segments.json'))),
  );
  return {
    name: `${basename(folder)}/${name}`,
    path,
    text: clips.map(({ text }) => text).join(' '),
    channels: SPLIT_CHANNELS.has(name) ? 'separate' : 'mix',
    clips: clips.map(({ channel, start, end, text }) => ({
      channel,
      startSeconds: start,
      endSeconds: end,
      text,
    })),
  };
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8')) as unknown;
}
