// Documents for tests: text spoken at an even speed, with the pauses a reader makes.
import { type RecognizedWord, type TranscriptInput } from '../create-transcript-document.js';
import { type HeardChannel } from '../quality.js';
import { SAMPLE_RATE_HZ } from '../sample-times.js';

/** In samples. */
export const SECOND = SAMPLE_RATE_HZ;
const CHARACTERS_PER_SECOND = 15;
const SENTENCE_PAUSE_SECONDS = 0.55;
const CLAUSE_PAUSE_SECONDS = 0.18;

/** Words of `text`; `[1.5]` stands for a pause of 1.5 seconds. */
export function speak(
  text: string,
  { fromSeconds = 0.4, channel }: { fromSeconds?: number; channel?: number } = {},
): RecognizedWord[] {
  const words: RecognizedWord[] = [];
  let seconds = fromSeconds;
  for (const spoken of text.trim().split(/\s+/u)) {
    const pause = /^\[([\d.]+)\]$/u.exec(spoken)?.[1];
    if (pause !== undefined) {
      seconds += Number(pause);
      continue;
    }
    const lengthSeconds = (spoken.length + 1) / CHARACTERS_PER_SECOND;
    words.push({
      text: spoken,
      startSamples: Math.round(seconds * SAMPLE_RATE_HZ),
      endSamples: Math.round((seconds + lengthSeconds * 0.92) * SAMPLE_RATE_HZ),
      confidence: 0.9,
      timing: 'model',
      ...(channel !== undefined && { channel }),
    });
    seconds += lengthSeconds;
    if (/[.!?]$/u.test(spoken)) seconds += SENTENCE_PAUSE_SECONDS;
    else if (/[,;:]$/u.test(spoken)) seconds += CLAUSE_PAUSE_SECONDS;
  }
  return words;
}

/** A complete input; the recording ends one second after the last word. */
export function sampleInput(
  words: readonly RecognizedWord[],
  { demo = false, ...changes }: Partial<TranscriptInput> & { demo?: boolean } = {},
): TranscriptInput {
  const lastSample = Math.max(0, ...words.map((word) => word.endSamples));
  return {
    recording: { name: 'interview.wav', durationSeconds: lastSample / SAMPLE_RATE_HZ + 1 },
    language: 'en',
    channels: 'mix',
    words,
    provenance: {
      model: {
        id: demo ? 'demo-en' : 'parakeet-tdt-0.6b-v3',
        name: 'A model',
        family: 'nemo-tdt',
        tier: 'int8',
        license: 'cc-by-4.0',
        demo,
        files: [{ path: 'encoder.onnx', bytes: 12, sha256: 'a'.repeat(64) }],
      },
      options: { language: 'en', channels: 'mix' },
      versions: { stenofleet: '0.1.0', onnxruntime: '1.30.0' },
      createdAt: '2026-11-21T08:00:00.000Z',
    },
    statistics: { speechSeconds: 12.3456, processingSeconds: 2 },
    ...changes,
  };
}

/** A channel with nothing to complain of: -20 dBFS, a quarter of it silence. */
export function heard(parts: Partial<HeardChannel> = {}): HeardChannel {
  return {
    uncovered: { samples: 0, stretches: [] },
    guardEvents: [],
    levels: { samples: 1000, peak: 0.5, squareSum: 10, clippedSamples: 0, silentSamples: 250 },
    ...parts,
  };
}
