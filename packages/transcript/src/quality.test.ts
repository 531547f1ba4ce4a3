import { describe, expect, it } from 'vitest';
import { createTranscriptDocument } from './create-transcript-document.js';
import { describeQuality, type HeardChannel, summarizeQuality } from './quality.js';
import { heard, sampleInput, SECOND, speak } from './testing/sample-input.js';
import { parseTranscriptDocument, type TranscriptDocument } from './transcript-document.js';

const words = speak('one two three four five six seven eight nine ten eleven twelve');
/** Twelve words in twelve seconds of speech. */
const plain = createTranscriptDocument(
  sampleInput(words, {
    recording: { name: 'talk.wav', durationSeconds: 20 },
    statistics: { speechSeconds: 12 },
  }),
);

function report(channels: readonly HeardChannel[], document: TranscriptDocument = plain) {
  const reported = { ...document, quality: describeQuality(document, channels) };
  expect(parseTranscriptDocument(JSON.parse(JSON.stringify(reported)))).toEqual(reported);
  return { quality: reported.quality, line: summarizeQuality(reported) };
}

describe('the quality report', () => {
  it('of a good recording has nothing to complain of', () => {
    const { quality, line } = report([heard()]);
    expect(quality).toEqual({
      speechSeconds: 12,
      uncoveredSeconds: 0,
      uncovered: [],
      lowConfidence: { threshold: 0.5, words: 0, share: 0, places: [] },
      guards: [],
      levels: [{ channel: null, peakDbfs: -6, rmsDbfs: -20, clippedShare: 0, silenceShare: 0.25 }],
      timings: { model: 12, aligned: 0, estimated: 0 },
    });
    expect(line).toBe(
      'words in 100 % of the speech, 0 of 12 uncertain, level -20 dBFS, not clipped, 25 % silence',
    );
  });

  it('tells speech without words, with times', () => {
    const stretches = [{ startSamples: 3 * SECOND, endSamples: 99 * SECOND }];
    const { quality, line } = report([heard({ uncovered: { samples: 40_000, stretches } })]);
    expect(quality.uncoveredSeconds).toBe(2.5);
    expect(quality.uncovered).toEqual([{ start: 3, end: 20, channel: null }]);
    expect(line).toMatch(/^words in 79 % of the speech/);
  });

  it('does not round a small hole away', () => {
    expect(report([heard({ uncovered: { samples: 100, stretches: [] } })]).line).toMatch(
      /^words in 99 % of the speech/,
    );
  });

  it('names the least certain words, worst first, and counts the others', () => {
    const uncertain = words.map((word, index) => ({ ...word, confidence: 0.49 - index / 100 }));
    const document = createTranscriptDocument(
      sampleInput([...uncertain, ...speak('sure of this', { fromSeconds: 12 })]),
    );
    const { lowConfidence } = report([heard()], document).quality;
    expect(lowConfidence).toMatchObject({ words: 12, share: 0.8 });
    expect(lowConfidence.places).toHaveLength(10);
    expect(lowConfidence.places[0]).toMatchObject({ text: 'twelve', confidence: 0.38 });
    expect(lowConfidence.places.at(-1)).toMatchObject({ text: 'three', channel: null });
  });

  it('counts doubtful passages and those that another try mended', () => {
    const stretch = { startSamples: SECOND, endSamples: 2 * SECOND };
    const { quality, line } = report([
      heard({
        guardEvents: [
          { guard: 'repetition', outcome: 'kept', ...stretch },
          { guard: 'overrun', outcome: 'other-cut', ...stretch },
        ],
      }),
    ]);
    expect(quality.guards[0]).toEqual({
      ...{ guard: 'repetition', outcome: 'kept', start: 1, end: 2, channel: null },
    });
    expect(line).toContain('1 doubtful passage, 1 passage mended');
  });

  it('counts words by how their times were made', () => {
    const estimated = words.map((word) => ({ ...word, timing: 'estimated' as const }));
    const document = createTranscriptDocument(sampleInput(estimated));
    const { quality, line } = report([heard()], document);
    expect(quality.timings).toEqual({ model: 0, aligned: 0, estimated: 12 });
    expect(line).toContain('times of 12 words estimated');
  });

  it('tells the levels of each channel, in one line the range of them', () => {
    const document = createTranscriptDocument(sampleInput(words, { channels: 'separate' }));
    const loud = heard({
      levels: { samples: 1000, peak: 1.1, squareSum: 100, clippedSamples: 4, silentSamples: 0 },
    });
    const { quality, line } = report([heard(), loud], document);
    expect(quality.levels).toEqual([
      { channel: 0, peakDbfs: -6, rmsDbfs: -20, clippedShare: 0, silenceShare: 0.25 },
      { channel: 1, peakDbfs: 0.8, rmsDbfs: -10, clippedShare: 0.004, silenceShare: 0 },
    ]);
    expect(line).toMatch(/level -20 to -10 dBFS, 0.4 % clipped, 13 % silence$/);
  });

  it('speaks of digital silence, of no audio and of no speech', () => {
    const document = createTranscriptDocument(
      sampleInput([], { statistics: { speechSeconds: 0 } }),
    );
    const silence = { samples: 512, peak: 0, squareSum: 0, clippedSamples: 0, silentSamples: 512 };
    const { quality, line } = report([heard({ levels: silence })], document);
    expect(quality.levels[0]).toMatchObject({ peakDbfs: null, rmsDbfs: null, silenceShare: 1 });
    expect(line).toBe('no speech, digital silence');
    expect(report([], document).line).toBe('no speech, digital silence');
  });

  it('is missing from documents that were written before it', () => {
    expect(summarizeQuality(parseTranscriptDocument(plain))).toBeUndefined();
  });
});
