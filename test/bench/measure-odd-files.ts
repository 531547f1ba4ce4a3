// Files that hold no speech, the same speech in several containers, or nothing that can be told from noise.

import { basename, join } from 'node:path';
import { readdir } from 'node:fs/promises';
import { type Inference } from '@stenofleet/asr-core';
import { listAudio, type Recording } from '../measure/corpus.js';
import {
  readText,
  transcribeRecordings,
  type Transcription,
} from '../measure/transcribe-recordings.js';
import { countWordErrors, totalErrors } from '../measure/word-errors.js';
import { checkAtMost, checkNone, type Finding } from './finding.js';
import { formatTable } from './table.js';

/** Errors between two containers' transcripts of the same speech. */
const CONTAINER_TOLERANCE = 1;

export async function measureOddFiles({
  inference,
  data,
  name,
}: {
  inference: Inference;
  data: string;
  name: string;
}): Promise<Finding> {
  const silent = await transcribeRecordings(await listAudio(data, 'nonspeech'), inference);
  const same = await transcribeRecordings(await listSameSpeech(data), inference);
  const [raw] = await transcribeRecordings([rawFile(data)], inference);
  const spread = Math.max(
    ...same.flatMap((one) => same.map((other) => countDifference(one, other))),
  );
  const rawOutcome = raw?.ok === false ? raw.error.code : 'transcribed';
  return {
    title: `${name}: files without speech, one speech in several containers, raw samples`,
    tables: [
      formatTable(
        ['file', 'what came of it'],
        [...silent, ...same, ...(raw ? [raw] : [])].map((one) => [
          one.recording.name,
          describeOutcome(one),
        ]),
      ),
    ],
    figures: { model: name, containerSpread: spread, rawOutcome },
    checks: [
      checkNone(
        `${name}: words in audio/nonspeech`,
        silent
          .filter((one) => !one.ok || readText(one.transcript) !== '')
          .map((one) => `${basename(one.recording.name)}: ${describeOutcome(one)}`),
      ),
      checkAtMost(`${name}: errors between containers of formats/p001`, {
        measured: spread,
        bound: CONTAINER_TOLERANCE,
        format: String,
      }),
      {
        name: `${name}: formats/goforward.raw is refused`,
        measured: rawOutcome,
        bound: 'a coded error',
        passed: raw?.ok === false,
      },
    ],
  };
}

async function listSameSpeech(dataFolder: string): Promise<Recording[]> {
  const folder = join(dataFolder, 'audio', 'formats');
  const files = (await readdir(folder)).filter((file) => file.startsWith('p001.')).sort();
  return files.map((file) => ({
    name: `audio/formats/${file}`,
    path: join(folder, file),
    channels: 'mix',
  }));
}

function rawFile(dataFolder: string): Recording {
  const name = 'audio/formats/goforward.raw';
  return { name, path: join(dataFolder, name), channels: 'mix' };
}

/** A file that failed differs from all by everything. */
function countDifference(one: Transcription, other: Transcription): number {
  if (!one.ok || !other.ok) return Infinity;
  return totalErrors(countWordErrors(readText(one.transcript), readText(other.transcript)));
}

function describeOutcome(one: Transcription): string {
  if (!one.ok) return one.error.code;
  const text = readText(one.transcript);
  return text === '' ? '(empty)' : `“${text.length > 90 ? `${text.slice(0, 89)}…` : text}”`;
}
