import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTranscriptDocument, type RecognizedWord } from './create-transcript-document.js';
import { sampleInput, speak } from './testing/sample-input.js';
import { parseTranscriptDocument, wordTimings } from './transcript-document.js';

const word = (text: string, startSamples: number, endSamples: number): RecognizedWord => ({
  text,
  startSamples,
  endSamples,
  confidence: 0.5,
  timing: 'model',
});

describe('createTranscriptDocument', () => {
  it('turns samples into seconds rounded to milliseconds', () => {
    const input = sampleInput([word('a', 16_007, 16_009)]);
    const [first] = createTranscriptDocument(input).segments[0]?.words ?? [];
    expect(first).toEqual({
      ...{ text: 'a', start: 1, end: 1.001, confidence: 0.5, channel: null, timing: 'model' },
    });
  });

  it('sorts words, trims overlap and keeps all inside the recording', () => {
    const words = [word('late', 32_000, 99_000), word('b', 8000, 4000), word('a', -160, 16_000)];
    const recording = { name: 'x', durationSeconds: 2.5 };
    const { segments } = createTranscriptDocument(sampleInput(words, { recording }));
    expect(segments.flatMap((segment) => segment.words)).toMatchObject([
      { text: 'a', start: 0, end: 0.5 },
      { text: 'b', start: 0.5, end: 0.5 },
      { text: 'late', start: 2, end: 2.5 },
    ]);
  });

  it('leaves out words without visible text and puts a word on one line', () => {
    const document = createTranscriptDocument(
      sampleInput([word(' \n', 0, 10), word(' two\n\nlines ', 20, 30)]),
    );
    expect(document.text).toBe('two lines');
    expect(document.statistics.words).toBe(1);
  });

  it('keeps channels apart only where they are separate', () => {
    const words = [
      ...speak('How are you?', { channel: 0 }),
      ...speak('Fine, thanks.', { channel: 1, fromSeconds: 1.6 }),
      ...speak('Good.', { channel: 0, fromSeconds: 3 }),
    ];
    const separate = createTranscriptDocument(sampleInput(words, { channels: 'separate' }));
    expect(separate.segments.map(({ channel, text }) => [channel, text])).toEqual([
      [0, 'How are you?'],
      [1, 'Fine, thanks.'],
      [0, 'Good.'],
    ]);
    expect(separate.text).toBe('How are you?\nFine, thanks.\nGood.');

    const mixed = createTranscriptDocument(sampleInput(words));
    expect(mixed.segments.map(({ channel, text }) => [channel, text])).toEqual([
      [null, 'How are you? Fine, thanks. Good.'],
    ]);
  });

  it('flags a demo model, and places remarks on the recording', () => {
    const remark = { code: 'AUDIO_DAMAGED', message: 'Unreadable.', startSamples: 8000 } as const;
    const input = sampleInput(speak('Hi.'), { demo: true, flags: [remark] });
    const { flags } = createTranscriptDocument(input);
    expect(flags.map((flag) => flag.code)).toEqual(['DEMO_MODEL', 'AUDIO_DAMAGED']);
    expect(flags[1]).toEqual({ code: 'AUDIO_DAMAGED', message: 'Unreadable.', start: 0.5 });
  });

  it('counts words and relates processing time to duration', () => {
    const recording = { name: 'x', durationSeconds: 8 };
    const document = createTranscriptDocument(sampleInput(speak('One two.'), { recording }));
    expect(document.statistics).toEqual({
      speechSeconds: 12.346,
      words: 2,
      processingSeconds: 2,
      realTimeFactor: 0.25,
    });
  });

  it('makes an empty document of a recording without words', () => {
    const document = createTranscriptDocument(sampleInput([]));
    expect(document).toMatchObject({ text: '', segments: [], statistics: { words: 0 } });
  });

  it('is readable, monotonic in each channel and inside the recording for any words', () => {
    const anyWord = fc.record({
      text: fc.string({ unit: 'grapheme', maxLength: 12 }),
      startSamples: fc.integer({ min: -1000, max: 400_000 }),
      endSamples: fc.integer({ min: -1000, max: 400_000 }),
      confidence: fc.double(),
      timing: fc.constantFrom(...wordTimings),
      channel: fc.nat(2),
    });
    const anyInput = fc.tuple(fc.array(anyWord), fc.double({ min: 0, max: 30, noNaN: true }));
    fc.assert(
      fc.property(anyInput, ([words, durationSeconds]) => {
        const recording = { name: 'x', durationSeconds };
        const document = parseTranscriptDocument(
          createTranscriptDocument(sampleInput(words, { recording, channels: 'separate' })),
        );
        const until = new Map<number | null, number>();
        for (const { start, end, channel } of document.segments.flatMap((s) => s.words)) {
          expect(start).toBeGreaterThanOrEqual(until.get(channel) ?? 0);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(document.recording.durationSeconds);
          until.set(channel, end);
        }
        const starts = document.segments.map((segment) => segment.start);
        expect(starts).toEqual(starts.toSorted((a, b) => a - b));
      }),
    );
  });
});
