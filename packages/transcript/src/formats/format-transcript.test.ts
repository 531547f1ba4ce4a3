import { describe, expect, it } from 'vitest';
import { createTranscriptDocument } from '../create-transcript-document.js';
import { planCues } from '../cues/plan-cues.js';
import { sampleInput, speak } from '../testing/sample-input.js';
import { parseTranscriptDocument, type TranscriptDocument } from '../transcript-document.js';
import {
  formatTranscript,
  transcriptFileExtensions,
  transcriptFormats,
} from './format-transcript.js';

const sentence = 'The tide has turned, so we will go. Nobody will stay behind this year.';
const plain = createTranscriptDocument(sampleInput(speak(sentence)));
const demo = createTranscriptDocument(sampleInput(speak(sentence), { demo: true }));
const empty = createTranscriptDocument(sampleInput([]));
const twoChannels = createTranscriptDocument(
  sampleInput(
    [
      ...speak('Hello, who is there?', { channel: 0 }),
      ...speak('Nobody, as far as I can tell.', { channel: 1, fromSeconds: 4 }),
      ...speak('but listen to me for once', { channel: 0, fromSeconds: 10 }),
      ...speak('no you never listen', { channel: 1, fromSeconds: 10.2 }),
    ],
    { channels: 'separate' },
  ),
);
const hostile = createTranscriptDocument(
  sampleInput(speak('a --> b <i>x</i> 3 < 4 & {\\an8}y ---> z \u0007'), {
    flags: [
      { code: 'AUDIO_DAMAGED', message: 'Lost --> here.\n\nAnd more.', startSamples: 16_000 },
    ],
  }),
);

type PlainCue = { startMs: number; endMs: number; lines: string[] };
const plainCues = (document: TranscriptDocument): PlainCue[] =>
  planCues(document).map(({ startMs, endMs, lines }) => ({ startMs, endMs, lines }));

function parseTimes(line: string): [startMs: number, endMs: number] {
  const times = /^(\d{2,}):(\d\d):(\d\d)[.,](\d{3}) --> (\d{2,}):(\d\d):(\d\d)[.,](\d{3})$/u;
  const [, ...parts] = times.exec(line) ?? [];
  const toMs = ([h, m, s, ms]: string[]) =>
    ((Number(h) * 60 + Number(m)) * 60 + Number(s)) * 1000 + Number(ms);
  return [toMs(parts.slice(0, 4)), toMs(parts.slice(4))];
}

function parseSrt(srt: string): PlainCue[] {
  if (srt === '') return [];
  return srt.split('\n\n').map((block, index) => {
    const [number, times = '', ...lines] = block.trimEnd().split('\n');
    expect(number).toBe(String(index + 1));
    const [startMs, endMs] = parseTimes(times);
    return { startMs, endMs, lines };
  });
}

function parseVtt(vtt: string): PlainCue[] {
  const [header, ...blocks] = vtt.split('\n\n');
  expect(header?.trimEnd()).toBe('WEBVTT');
  return blocks
    .filter((block) => !block.startsWith('NOTE'))
    .map((block) => {
      const [times = '', ...lines] = block.trimEnd().split('\n');
      const [startMs, endMs] = parseTimes(times);
      return { startMs, endMs, lines: lines.map(unescape) };
    });
}

const unescape = (line: string) =>
  line
    .replace(/<\/?v[^>]*>/gu, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

describe('formatTranscript', () => {
  it('has a file extension for every format', () => {
    expect(transcriptFormats.map((format) => transcriptFileExtensions[format])).toEqual([
      '.json',
      '.srt',
      '.vtt',
      '.txt',
    ]);
  });

  it.each(transcriptFormats)('names the demo model in %s, and only then', (format) => {
    expect(formatTranscript(demo, format)).toContain('demo-en');
    expect(formatTranscript(plain, format)).not.toContain('demo model');
  });

  it('passes cue rules on to the subtitle formats', () => {
    const options = { cueRules: { lineWidth: 20 } };
    for (const format of ['srt', 'vtt'] as const) {
      const lines = formatTranscript(plain, format, options).split('\n');
      const widths = lines.filter((line) => !line.includes('-->')).map((line) => line.length);
      expect(Math.max(...widths)).toBeLessThanOrEqual(20);
    }
  });
});

describe('formatJson', () => {
  it('reads back as the same document', () => {
    const json = formatTranscript(hostile, 'json');
    expect(parseTranscriptDocument(JSON.parse(json))).toEqual(hostile);
    expect(json.endsWith('}\n')).toBe(true);
  });

  it('gives equal bytes for equal documents, however their keys are ordered', () => {
    const reverse = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reverse);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, item]) => [key, reverse(item)]),
      );
    };
    const shuffled = reverse(plain) as TranscriptDocument;
    expect(formatTranscript(shuffled, 'json')).toBe(formatTranscript(plain, 'json'));
  });

  it('puts each word on one line', () => {
    expect(formatTranscript(plain, 'json')).toContain(
      '\n        { "text": "The", "start": 0.4, "end": 0.645, "confidence": 0.9, "channel": null, "timing": "model" },\n',
    );
  });

  it('refuses to write a document that could not be read back', () => {
    const broken = { ...plain, statistics: { ...plain.statistics, speechSeconds: Number.NaN } };
    expect(() => formatTranscript(broken, 'json')).toThrow('statistics.speechSeconds');
  });
});

describe('formatTxt', () => {
  it('separates paragraphs by a blank line and names channels', () => {
    expect(formatTranscript(twoChannels, 'txt')).toBe(
      'Channel 1: Hello, who is there?\n\nChannel 2: Nobody, as far as I can tell.\n\n' +
        'Channel 1: but listen to me for once\n\nChannel 2: no you never listen\n',
    );
  });

  it('ends with the demo notice', () => {
    expect(formatTranscript(demo, 'txt')).toBe(
      `${sentence}\n\n[Made with the demo model demo-en, for trying Stenofleet only]\n`,
    );
  });

  it('is empty for a recording without words', () => {
    expect(formatTranscript(empty, 'txt')).toBe('');
  });
});

describe('formatSrt', () => {
  it('reads back as the planned cues', () => {
    expect(parseSrt(formatTranscript(plain, 'srt'))).toEqual(plainCues(plain));
    expect(parseSrt(formatTranscript(twoChannels, 'srt'))).toEqual(plainCues(twoChannels));
  });

  it('is empty for a recording without words', () => {
    expect(formatTranscript(empty, 'srt')).toBe('');
  });

  it('says in a last cue of two seconds that the model was a demo', () => {
    const cues = parseSrt(formatTranscript(demo, 'srt'));
    const spoken = plainCues(demo);
    const startMs = (spoken.at(-1)?.endMs ?? 0) + 83;
    expect(cues.slice(0, -1)).toEqual(spoken);
    expect(cues.at(-1)).toEqual({
      startMs,
      endMs: startMs + 2000,
      lines: ['Made with the demo model demo-en,', 'for trying Stenofleet only'],
    });
  });

  it('disarms what a player would take for an arrow, a tag or a style', () => {
    const [cue] = parseSrt(formatTranscript(hostile, 'srt'));
    expect(cue?.lines.join(' ')).toBe('a → b ‹i>x‹/i> 3 < 4 & (\\an8}y → z');
  });

  it('writes hours above 99', () => {
    const words = speak('Still here.', { fromSeconds: 123 * 3600 });
    const srt = formatTranscript(createTranscriptDocument(sampleInput(words)), 'srt');
    expect(srt).toBe('1\n123:00:00,000 --> 123:00:01,268\nStill here.\n');
  });
});

describe('formatVtt', () => {
  it('reads back as the planned cues', () => {
    for (const document of [plain, twoChannels, hostile, empty]) {
      expect(parseVtt(formatTranscript(document, 'vtt'))).toEqual(plainCues(document));
    }
  });

  it('tags each channel, also the two of a dialogue', () => {
    const vtt = formatTranscript(twoChannels, 'vtt');
    expect(vtt).toContain('<v Channel 1>Hello, who is there?</v>');
    expect(vtt).toContain(
      '<v Channel 1>- but listen to me for once</v>\n<v Channel 2>- no you never listen</v>',
    );
  });

  it('carries notices in one note without an arrow or a blank line', () => {
    expect(formatTranscript(hostile, 'vtt')).toContain(
      'WEBVTT\n\nNOTE\nAUDIO_DAMAGED at 1 s: Lost → here. And more.\n\n00:',
    );
    expect(formatTranscript(demo, 'vtt')).toContain(
      'NOTE\nMade with the demo model demo-en, for trying Stenofleet only.\n\n',
    );
  });

  it('is a header alone for a recording without words', () => {
    expect(formatTranscript(empty, 'vtt')).toBe('WEBVTT\n');
  });

  it('escapes markup', () => {
    expect(formatTranscript(hostile, 'vtt')).toContain(
      '--&gt; b &lt;i&gt;x&lt;/i&gt; 3 &lt; 4 &amp;',
    );
  });
});
