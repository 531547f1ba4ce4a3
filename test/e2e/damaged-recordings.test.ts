// Recordings that break off: the words up to the damage, and a transcript that says so.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type TranscriptDocument } from '@stenofleet/transcript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplePath } from '../fixtures/example-audio.js';
import { readTranscript, runSteno } from '../fixtures/run-steno.js';

/** How much of each file is left. */
const KEPT = 0.55;

let home: string;
let whole: TranscriptDocument;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'steno-damaged-'));
  await runSteno(['transcribe', examplePath('podcast.mp3'), '--out', home], { home });
  whole = await readTranscript(join(home, 'podcast.json'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe.each([
  ['mp3', ['-c', 'copy']],
  ['flac', []],
  ['mp4', ['-movflags', '+faststart']],
])('a %s that breaks off', (extension, encoding) => {
  it('gives the words up to there and is flagged', async () => {
    const complete = join(home, `complete.${extension}`);
    await promisify(execFile)('ffmpeg', [
      ...['-nostdin', '-loglevel', 'error', '-i', examplePath('podcast.mp3')],
      ...[...encoding, complete],
    ]);
    const content = await readFile(complete);
    const cut = join(home, `cut-${extension}.${extension}`);
    await writeFile(cut, content.subarray(0, Math.floor(content.length * KEPT)));

    const run = await runSteno(['transcribe', cut], { home });
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain('AUDIO_TRUNCATED');
    const document = await readTranscript(join(home, `cut-${extension}.json`));
    const flag = document.flags.find(({ code }) => code === 'AUDIO_TRUNCATED');
    const end = flag?.start ?? 0;
    expect(end).toBeGreaterThan(10);
    expect(end).toBeLessThan(whole.recording.durationSeconds - 5);
    expect(await readFile(join(home, `cut-${extension}.vtt`), 'utf8')).toContain(
      'AUDIO_TRUNCATED at',
    );

    // The same words as of the whole recording, but for the last that may be cut through and a codec's whim.
    const expected = wordsUntil(whole, end - 1);
    const heard = new Set(wordsUntil(document, end));
    const lost = expected.filter((word) => !heard.has(word));
    expect(lost.length).toBeLessThanOrEqual(Math.ceil(expected.length * 0.1));
    expect(expected.length).toBeGreaterThan(30);
  });
});

function wordsUntil(document: TranscriptDocument, seconds: number): string[] {
  return document.segments
    .flatMap(({ words }) => words)
    .filter((word) => word.end <= seconds)
    .map(({ text }) => text);
}
