// Sets of single files against the reference implementation's figures for the same weights.

import { type Inference } from '@stenofleet/asr-core';
import {
  listAudio,
  listSentences,
  readOracle,
  type Oracle,
  type Recording,
} from '../measure/corpus.js';
import {
  readText,
  transcribeRecordings,
  type Transcription,
} from '../measure/transcribe-recordings.js';
import {
  computeErrorRate,
  countWordErrors,
  sumErrors,
  totalErrors,
} from '../measure/word-errors.js';
import { checkAtMost, type Check, type Finding } from './finding.js';
import { formatTable, percent } from './table.js';

/** How far a set may lie above the reference, in points of error rate. */
const SET_TOLERANCE = 0.5;
/** Errors that a file of `audio/formats` may have more than the reference. */
const FORMAT_TOLERANCE = 1;
/** Rows of the table of files: those that differ most. */
const SHOWN_FILES = 12;

export type SetName = 'audio' | 'lj-part1';

/** The set's recordings that the reference has figures for. */
export async function listSet(dataFolder: string, set: SetName): Promise<Recording[]> {
  const { files } = await readOracle(dataFolder, 'ctc8');
  const folders = ['en', 'formats', 'multi'].map((folder) => listAudio(dataFolder, folder));
  const all =
    set === 'audio' ? (await Promise.all(folders)).flat() : await listSentences(dataFolder);
  return all.filter(({ name }) => files[name] !== undefined);
}

export async function measureSet(
  set: SetName,
  {
    inference,
    data,
    name,
    oracle,
  }: { inference: Inference; data: string; name: string; oracle: string },
): Promise<Finding> {
  const reference = await readOracle(data, oracle);
  const recordings = await listSet(data, set);
  const transcriptions = await transcribeRecordings(recordings, inference);
  const files = transcriptions.map((transcription) => compareFile(transcription, reference));
  const errors = sumErrors(files.map((file) => file.errors));
  const rate = computeErrorRate(errors);
  const referenceRate = reference.sets[set]?.wer ?? NaN;
  const failed = files.filter((file) => file.failure !== undefined);
  return {
    title: `${name}: ${set}, ${files.length} files`,
    tables: [
      formatTable(
        ['set', 'words', 'errors', 'sub', 'del', 'ins', 'WER', 'reference', 'difference'],
        [
          [
            ...[set, errors.words, totalErrors(errors)],
            ...[errors.substitutions, errors.deletions, errors.insertions],
            ...[percent(rate), percent(referenceRate), signed(rate - referenceRate)],
          ],
        ],
      ),
      formatDifferences(files),
    ],
    figures: { set, model: name, rate, referenceRate, errors, files },
    checks: [
      checkAtMost(`${name}: WER of ${set}`, {
        measured: rate,
        bound: referenceRate + SET_TOLERANCE,
        format: percent,
      }),
      ...(failed.length > 0 ? [failureCheck(name, failed)] : []),
      ...files
        .filter((file) => file.name.startsWith('audio/formats/'))
        .map((file) =>
          checkAtMost(`${name}: errors in ${file.name}`, {
            measured: totalErrors(file.errors),
            bound: file.referenceErrors + FORMAT_TOLERANCE,
            format: String,
          }),
        ),
    ],
  };
}

type FileComparison = ReturnType<typeof compareFile>;

function compareFile(transcription: Transcription, { files }: Oracle) {
  const { recording } = transcription;
  const heard = transcription.ok ? readText(transcription.transcript) : '';
  const reference = files[recording.name];
  return {
    name: recording.name,
    errors: countWordErrors(recording.text ?? '', heard),
    referenceErrors: reference?.errors ?? NaN,
    heard,
    referenceHeard: reference?.hyp ?? '',
    text: recording.text ?? '',
    failure: transcription.ok ? undefined : transcription.error.code,
  };
}

function failureCheck(name: string, failed: readonly FileComparison[]): Check {
  const measured = failed.map((file) => `${file.name} (${String(file.failure)})`).join(', ');
  return { name: `${name}: every file is transcribed`, measured, bound: 'all', passed: false };
}

function formatDifferences(files: readonly FileComparison[]): string {
  const difference = (file: FileComparison) => totalErrors(file.errors) - file.referenceErrors;
  const shown = files
    .filter((file) => difference(file) !== 0)
    .sort((a, b) => Math.abs(difference(b)) - Math.abs(difference(a)))
    .slice(0, SHOWN_FILES);
  return formatTable(
    ['files that differ', 'words', 'errors', 'reference', 'difference'],
    shown.map((file) => [
      ...[file.name, file.errors.words, totalErrors(file.errors)],
      ...[file.referenceErrors, signed(difference(file), 0)],
    ]),
  );
}

function signed(value: number, digits = 2): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(digits)}`;
}
