import { describe, expect, it } from 'vitest';
import { createTranscriptDocument, type RecognizedWord } from '../create-transcript-document.js';
import { sampleInput, speak } from '../testing/sample-input.js';
import { TranscriptError } from '../transcript-error.js';
import { type Cue, type CueRules } from './cue.js';
import { planCues } from './plan-cues.js';
import { validateCues } from './validate-cues.js';

const archive = `Good evening, and welcome back to the archive. [0.5] Tonight we are listening to
  a recording that was made in the spring of 1974, in the small village of Saint Andrews, on the
  east coast of Scotland. The speaker, a retired fisherman called James Mackenzie, was eighty two
  years old at the time, and he had never spoken into a microphone before. [0.8] "Are you sure it is
  working?" he asks. It is. What follows is almost an hour of stories about herring, storms and the
  women who mended the nets, told with the patience of somebody who knows that nobody will interrupt
  him. Dr. Helen Fraser, who made the recording, joins us from Edinburgh. [1.2] Helen, good evening.`;

function cuesOf(words: readonly RecognizedWord[], rules: Partial<CueRules> = {}): Cue[] {
  const separate = words.some((word) => word.channel !== undefined);
  const input = sampleInput(words, { channels: separate ? 'separate' : 'mix' });
  return planCues(createTranscriptDocument(input), rules);
}

const SURE = { confidence: 1, timing: 'model' } as const;
const linesOf = (cues: readonly Cue[]) => cues.map((cue) => cue.lines);

describe('planCues', () => {
  it('breaks punctuated speech as a subtitler would', () => {
    const cues = cuesOf(speak(archive));
    expect(linesOf(cues)).toEqual([
      ['Good evening,', 'and welcome back to the archive.'],
      ['Tonight we are listening to a recording', 'that was made in the spring of 1974,'],
      ['in the small village of Saint Andrews,', 'on the east coast of Scotland.'],
      ['The speaker, a retired fisherman', 'called James Mackenzie,'],
      ['was eighty two years old at the time,'],
      ['and he had never spoken', 'into a microphone before.'],
      ['"Are you sure it is working?" he asks.'],
      ['It is. What follows is almost an hour', 'of stories about herring,'],
      ['storms and the women who mended the nets,'],
      ['told with the patience of somebody', 'who knows that nobody will interrupt him.'],
      ['Dr. Helen Fraser, who made the recording,', 'joins us from Edinburgh.'],
      ['Helen, good evening.'],
    ]);
    expect(validateCues(cues, { durationSeconds: 100 })).toEqual([]);
  });

  it('uses pauses and function words where there is neither punctuation nor case', () => {
    const text = `we went down to the harbour in the morning [0.4] and the boats were already gone
      because the tide had turned [0.9] nobody had told my father that the herring were late that year`;
    expect(linesOf(cuesOf(speak(text)))).toEqual([
      ['we went down to the harbour in the morning'],
      ['and the boats were already gone', 'because the tide had turned'],
      ['nobody had told my father', 'that the herring were late that year'],
    ]);
  });

  it('breaks before function words of the language', () => {
    const text = 'wir sind am Morgen zum Hafen gefahren weil die Boote auf uns gewartet hatten';
    const document = createTranscriptDocument(sampleInput(speak(text), { language: 'de-DE' }));
    expect(linesOf(planCues(document))).toEqual([
      ['wir sind am Morgen zum Hafen gefahren', 'weil die Boote auf uns gewartet hatten'],
    ]);
  });

  it('appears with the first word, lingers after the last and keeps a gap', () => {
    const cues = cuesOf(speak('The tide has turned, so we will go. [3] Nobody will stay behind.'));
    expect(cues.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [400, 3459],
      [6530, 8654],
    ]);
    const [first, second] = cuesOf(speak('The tide has turned now. [0.2] Nobody stays behind.'));
    expect((second?.startMs ?? 0) - (first?.endMs ?? 0)).toBe(83);
  });

  it('appears early, in silence, where the recording ends too soon', () => {
    const words = speak('The tide has turned, so we will go. [3] Bye.');
    const lastSample = words.at(-1)?.endSamples ?? 0;
    const recording = { name: 'x', durationSeconds: lastSample / 16_000 };
    const cues = planCues(createTranscriptDocument(sampleInput(words, { recording })));
    expect(linesOf(cues)).toEqual([['The tide has turned, so we will go.'], ['Bye.']]);
    const { startMs = 0, endMs = 0 } = cues[1] ?? {};
    expect(endMs - startMs).toBe(1000);
    expect(endMs).toBe(Math.round((lastSample / 16_000) * 1000));
  });

  it('takes a word on screen away after seven seconds', () => {
    const words = [{ text: 'Ooo', startSamples: 0, endSamples: 20 * 16_000, ...SURE }];
    expect(cuesOf(words)).toMatchObject([{ startMs: 0, endMs: 7000 }]);
  });

  it('holds no more words than are spoken in seven seconds', () => {
    const words = Array.from('abcdefgh', (text, index) => ({
      text,
      startSamples: index * 32_000,
      endSamples: (index + 1) * 32_000,
      ...SURE,
    }));
    const cues = cuesOf(words);
    expect(cues.map((cue) => cue.lines.join(' ').split(' ').length)).toEqual([2, 3, 3]);
    expect(cues.every((cue) => cue.endMs - cue.startMs <= 7000)).toBe(true);
  });

  it('makes a dialogue of two channels that talk over one another, in a steady order', () => {
    const cues = cuesOf([
      ...speak('no but listen what I am trying to say here is that we cannot', { channel: 1 }),
      ...speak('yes but you never listen to me that is the problem', {
        channel: 0,
        fromSeconds: 0.6,
      }),
    ]);
    expect(cues.map(({ lines, channel, dialogue }) => ({ lines, channel, dialogue }))).toEqual([
      {
        lines: ['- no but listen what I am trying to say', '- yes but you never listen to me'],
        channel: null,
        dialogue: [1, 0],
      },
      {
        lines: ['- here is that we cannot', '- that is the problem'],
        channel: null,
        dialogue: [1, 0],
      },
    ]);
  });

  it('gives channels that take turns their own cues', () => {
    const cues = cuesOf([
      ...speak('Hello, this is the museum, how can I help you?', { channel: 0 }),
      ...speak('I would like to look at a photograph of the lighthouse.', {
        channel: 1,
        fromSeconds: 4.5,
      }),
    ]);
    expect(cues.map(({ channel, lines }) => [channel, lines])).toEqual([
      [0, ['Hello, this is the museum,', 'how can I help you?']],
      [1, ['I would like to look', 'at a photograph of the lighthouse.']],
    ]);
  });

  it('splits what is wider than a line, at word borders where the script has them', () => {
    const words = [
      {
        text: 'これから昭和四十九年に録音されたテープを聞いていただきます。',
        startSamples: 0,
        endSamples: 80_000,
        ...SURE,
      },
      { text: 'x'.repeat(50), startSamples: 160_000, endSamples: 200_000, ...SURE },
    ];
    const cues = cuesOf(words);
    expect(linesOf(cues)).toEqual([
      ['これから昭和四十九年に録音され', 'たテープを聞いていただきます。'],
      ['x'.repeat(42), 'x'.repeat(8)],
    ]);
  });

  it('breaks lines between words of a script without spaces, and puts none between them', () => {
    const words = Array.from(
      '这是一九七四年夏天在港口录制的旧磁带我们今天重新听一遍',
      (text, index) => ({
        ...{ text, startSamples: index * 3200, endSamples: (index + 1) * 3200, ...SURE },
      }),
    );
    expect(linesOf(cuesOf(words, { lineWidth: 32 }))).toEqual([
      ['这是一九七四年夏天在港口录', '制的旧磁带我们今天重新听一遍'],
    ]);
  });

  it('follows other rules, such as those of podcast players', () => {
    const cues = cuesOf(speak(archive), { lineWidth: 32 });
    const violations = validateCues(cues, { durationSeconds: 100, rules: { lineWidth: 32 } });
    expect(violations.filter(({ name }) => name !== 'READ_TOO_FAST')).toEqual([]);
  });

  it('plans no cue for no words', () => {
    expect(cuesOf([])).toEqual([]);
  });

  it.each([
    [{ lineWidth: 4 }, 'lineWidth is 4'],
    [{ minDurationMs: 8000 }, 'minDurationMs (8000) is above maxDurationMs (7000)'],
    [{ gapMs: Number.NaN }, 'gapMs is NaN'],
    [{ minDurationMs: 1000.5 }, 'minDurationMs is 1000.5'],
    [{ readingSpeed: 0 }, 'readingSpeed is 0'],
  ])('refuses rules that cannot be kept: %o', (rules, reason) => {
    expect(() => cuesOf([], rules)).toThrow(TranscriptError);
    expect(() => cuesOf([], rules)).toThrow(reason);
  });
});
