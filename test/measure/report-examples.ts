// What `npm run quickstart` shows at its end: texts and word error rates of the three examples, where everything lies,
// and how to go on.
// node report-examples.js EXAMPLES_FOLDER OUTPUT_FOLDER

import { readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { type TranscriptDocument, parseTranscriptDocument } from '@stenofleet/transcript';
import { readClipRecording } from './corpus.js';
import { type WordErrors, computeErrorRate, countWordErrors, sumErrors } from './word-errors.js';

const RECORDINGS = ['podcast.mp3', 'call.wav', 'film.mp4'];
const WIDTH = 78;

const [, , examplesFolder = 'examples', outputFolder = 'quickstart-output'] = process.argv;

const errors: WordErrors[] = [];
for (const name of RECORDINGS) {
  const { clips } = await readClipRecording(examplesFolder, name);
  const document = await readDocument(join(outputFolder, `${parse(name).name}.json`));
  const channels = [...new Set(clips.map(({ channel }) => channel))];
  const counted = channels.map((channel) => {
    const spoken = clips.filter((clip) => clip.channel === channel);
    return countWordErrors(
      spoken.map(({ text }) => text).join(' '),
      readChannel(document, channels.length > 1 ? channel : null),
    );
  });
  errors.push(...counted);
  console.log(`\n${name}: word error rate ${rate(sumErrors(counted))}\n`);
  console.log(formatText(document));
}

console.log(`
Word error rate over the three: ${rate(sumErrors(errors))}

Transcripts (JSON, SRT, VTT, TXT):
  ${RECORDINGS.map((name) => join(outputFolder, `${parse(name).name}.{json,srt,vtt,txt}`)).join('\n  ')}

These were made with the demo model, which knows English words of everyday talk and is for trying the system only.
With a real model and your own recordings:
  npm run steno -- models pull parakeet-tdt-0.6b-v3
  npm run steno -- transcribe path/to/recordings --out transcripts      without a fleet
  npm run steno -- up --root path/to/recordings                         a fleet, until Ctrl-C
  npm run steno -- submit path/to/recordings --wait --out transcripts   from another terminal
  npm run steno -- doctor`);

async function readDocument(path: string): Promise<TranscriptDocument> {
  return parseTranscriptDocument(JSON.parse(await readFile(path, 'utf8')));
}

function readChannel({ segments }: TranscriptDocument, channel: number | null): string {
  return segments
    .flatMap(({ words }) => words)
    .filter((word) => channel === null || word.channel === channel)
    .map(({ text }) => text)
    .join(' ');
}

function rate(counted: WordErrors): string {
  return `${computeErrorRate(counted).toFixed(1)} %`;
}

/** One paragraph for each segment, with the channel where there are several. */
function formatText({ segments }: TranscriptDocument): string {
  return segments
    .map(({ text, channel }) => wrap(channel === null ? text : `Channel ${channel + 1}: ${text}`))
    .join('\n');
}

function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `  ${line}`).join('\n');
}
