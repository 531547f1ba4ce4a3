import { describe, expect, it } from 'vitest';
import {
  describeTranscript,
  type HeardRecording,
  type TranscriptMaker,
} from './describe-transcript.js';
import { heard, SECOND, speak } from './testing/sample-input.js';
import { parseTranscriptDocument } from './transcript-document.js';

type Channel = HeardRecording['transcript']['channels'][number];

const channel = (parts: Partial<Channel> = {}): Channel => ({
  ...heard(),
  words: speak('One two.'),
  speech: [{ startSamples: 0, endSamples: 2 * SECOND }],
  ...parts,
});
const maker: TranscriptMaker = {
  model: {
    manifest: {
      ...{ id: 'm', name: 'M', family: 'nemo-tdt', license: 'mit', demo: false },
      ...{ attribution: '', languages: ['en'] },
    },
    tier: 'int8',
    provenance: { files: [], source: { repository: 'a/b', revision: 'c' } },
  },
  options: { channels: 'mix' },
  versions: { stenofleet: '0.1.0' },
  createdAt: '2026-11-21T08:00:00.000Z',
};

function describeRecording(
  channels: readonly Channel[],
  { separate = false, ...parts }: Partial<HeardRecording> & { separate?: boolean } = {},
) {
  const document = describeTranscript(
    {
      recording: { name: 'talk.wav' },
      transcript: { channels, durationSamples: 60 * SECOND },
      processingSeconds: 1,
      ...parts,
    },
    { ...maker, options: { channels: separate ? 'separate' : 'mix' } },
  );
  expect(parseTranscriptDocument(document)).toEqual(document);
  return document;
}

const codesOf = (channels: readonly Channel[], parts?: Partial<HeardRecording>) =>
  describeRecording(channels, parts).flags.map(({ code }) => code);
const stretch = { startSamples: 8 * SECOND, endSamples: 12 * SECOND };
const hole = { samples: 4 * SECOND, stretches: [stretch] };

describe('describeTranscript', () => {
  it('tells what the recording is, what was heard, and what it was made with', () => {
    expect(describeRecording([channel()])).toMatchObject({
      recording: { name: 'talk.wav', durationSeconds: 60 },
      language: 'en',
      text: 'One two.',
      flags: [],
      provenance: {
        model: { id: 'm', tier: 'int8', sourceRepository: 'a/b', sourceRevision: 'c' },
        options: { model: 'm', tier: 'int8', language: null, channels: 'mix', track: null },
      },
      statistics: { speechSeconds: 2, words: 2, processingSeconds: 1 },
      quality: { speechSeconds: 2, timings: { model: 2 } },
    });
  });

  it('knows no language of a model that has several, unless the job named it', () => {
    const { manifest } = maker.model;
    const model = { ...maker.model, manifest: { ...manifest, languages: ['de', 'en'] } };
    const recording: HeardRecording = {
      ...{ recording: { name: 'x' }, transcript: { channels: [], durationSamples: 0 } },
      processingSeconds: 0,
    };
    expect(describeTranscript(recording, { ...maker, model }).language).toBeNull();
    const options = { channels: 'mix', language: 'de' } as const;
    expect(describeTranscript(recording, { ...maker, model, options }).language).toBe('de');
  });

  it('flags speech without words, and names the channel where they are separate', () => {
    const { flags } = describeRecording([channel(), channel({ uncovered: hole })], {
      separate: true,
    });
    expect(flags).toEqual([
      {
        code: 'SPEECH_WITHOUT_WORDS',
        message: 'Speech was detected on channel 2, but the model found no words in it.',
        start: 8,
        end: 12,
      },
    ]);
  });

  it.each([
    ['repetition', 'TEXT_REPEATS'],
    ['overrun', 'TEXT_TOO_FAST'],
    ['non-speech', 'TEXT_IN_SILENCE'],
    ['no-words', 'SPEECH_WITHOUT_WORDS'],
    ['draft-differs', 'TEXT_FAR_FROM_DRAFT'],
  ] as const)('flags what the %s guard had to keep, and not what was mended', (guard, code) => {
    const events = (outcome: string) => [{ guard, outcome, ...stretch }];
    expect(codesOf([channel({ guardEvents: events('kept') })])).toEqual([code]);
    expect(codesOf([channel({ guardEvents: events('better-tier') })])).toEqual([]);
  });

  it('says once what two have noticed', () => {
    const guardEvents = [{ guard: 'no-words', outcome: 'kept', ...stretch }] as const;
    expect(codesOf([channel({ uncovered: hole, guardEvents })])).toEqual(['SPEECH_WITHOUT_WORDS']);
    const gaps = [{ startSeconds: 7, endSeconds: 13, code: 'MODEL_BROKEN' }];
    expect(codesOf([channel({ uncovered: hole })], { gaps })).toEqual(['CHUNK_MISSING']);
  });

  it('says of a place without words what lies beyond a gap', () => {
    const { startSamples } = stretch;
    const gaps = [{ startSeconds: 0, endSeconds: startSamples / SECOND + 1, code: 'MODEL_BROKEN' }];
    const endSamples = startSamples + 4 * SECOND;
    const uncovered = { ...hole, stretches: [{ startSamples, endSamples }] };
    const { flags } = describeRecording([channel({ uncovered })], { gaps });
    expect(flags.map(({ code, start, end }) => [code, start, end])).toContainEqual([
      'SPEECH_WITHOUT_WORDS',
      startSamples / SECOND + 1,
      endSamples / SECOND,
    ]);
  });

  it('says that nobody speaks, and where the recording is damaged', () => {
    const damage = { kind: 'truncated', atSamples: SECOND, message: 'It breaks off.' } as const;
    const silent = channel({ words: [], speech: [] });
    expect(describeRecording([silent], { damage }).flags).toEqual([
      { code: 'AUDIO_TRUNCATED', message: 'It breaks off.', start: 1 },
      { code: 'NO_SPEECH', message: 'No speech was detected in the recording.' },
    ]);
  });
});
