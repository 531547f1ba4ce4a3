// The recordings and requests of a mixed load: lengths, formats and channels of an archive, with what is broken among them.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type JobRequestInput } from '@stenofleet/shared/job';
import { repeatSpeech } from './recordings.js';

const examples = new URL('../../../../examples/', import.meta.url);
const mono = fileURLToPath(new URL('podcast.mp3', examples));
const stereo = fileURLToPath(new URL('call.wav', examples));

const EXTENSIONS = ['mp3', 'wav', 'm4a'] as const;
/** One second to five minutes, each about one and a half times the one before. */
const LENGTHS_SECONDS = [1, 2, 3, 4, 6, 9, 13, 20, 30, 45, 65, 100, 140, 200, 300];
/** Every so many jobs have a recording that is none, or are cancelled. */
const BAD_EVERY = 12;
const CANCELLED_EVERY = 15;

export type MixedJob = { request: JobRequestInput; kind: 'good' | 'bad' | 'cancelled' };

type Recording = { path: string; channels: 'mix' | 'separate' };

/** Makes the recordings below `folder`; jobs take turns with them, each publishing under a name of its own. */
export async function makeMixedJobs(folder: string, count: number): Promise<MixedJob[]> {
  const good = await makeGood(folder);
  const bad = await makeBad(folder);
  return Array.from({ length: count }, (_, index) => {
    const isBad = index % BAD_EVERY === BAD_EVERY - 1;
    const isCancelled = !isBad && index % CANCELLED_EVERY === CANCELLED_EVERY - 1;
    const recordings = isBad ? bad : good;
    const recording =
      recordings[(isBad ? Math.floor(index / BAD_EVERY) : index) % recordings.length];
    return {
      kind: isBad ? 'bad' : isCancelled ? 'cancelled' : 'good',
      request: {
        source: pathToFileURL(recording?.path ?? '').href,
        model: 'demo-en',
        channels: recording?.channels ?? 'mix',
        output: { name: `job-${index}` },
      },
    };
  });
}

async function makeGood(folder: string): Promise<Recording[]> {
  const recordings: Recording[] = [];
  let made = 0;
  for (const extension of EXTENSIONS) {
    for (const seconds of LENGTHS_SECONDS) {
      const isStereo = made % 3 === 2;
      const path = join(folder, `speech-${made}.${extension}`);
      await repeatSpeech(isStereo ? stereo : mono, path, {
        seconds,
        fromSeconds: made % 7,
        channels: isStereo ? 2 : 1,
      });
      recordings.push({ path, channels: isStereo && made % 2 === 0 ? 'separate' : 'mix' });
      made++;
    }
  }
  // Neighbours in time are of different lengths and formats.
  return recordings.map((_, index) => recordings[(index * 16) % recordings.length] as Recording);
}

async function makeBad(folder: string): Promise<Recording[]> {
  const contents: Record<string, Buffer> = {
    'empty.wav': Buffer.alloc(0),
    'text.mp3': Buffer.from('This is no recording.\n'.repeat(200)),
    'zeros.m4a': Buffer.alloc(100_000),
    'header.wav': Buffer.from('RIFF\u0024\u0000\u0000\u0000WAVEfmt '),
  };
  return Promise.all(
    Object.entries(contents).map(async ([name, content]) => {
      const path = join(folder, name);
      await writeFile(path, content);
      return { path, channels: 'mix' as const };
    }),
  );
}
