import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitizeName } from './sanitize-name.js';

describe('sanitizeName', () => {
  it.each([
    ['talk.mp3', 'talk.mp3'],
    ['../../etc/passwd', 'passwd'],
    ['a\\b\\c.wav', 'c.wav'],
    ['.htaccess', 'htaccess'],
    ['...', 'recording'],
    ['', 'recording'],
    ['a\u0000b\nc.mp3', 'a_b_c.mp3'],
    ['exe.\u202e3pm.mp3', 'exe._3pm.mp3'],
    ['what? "now": <1|2>*.mp3', 'what_ _now__ _1_2__.mp3'],
    [' Épisode 1 – début.mp3 ', 'Épisode 1 – début.mp3'],
    [`${'語'.repeat(100)}.wav`, `${'語'.repeat(65)}.wav`],
    [`${'x'.repeat(300)}.flac`, `${'x'.repeat(195)}.flac`],
  ])('makes %j into %j', (text, name) => {
    expect(sanitizeName(text)).toBe(name);
  });

  it('is one safe file name, and stays what it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const name = sanitizeName(text);
        // eslint-disable-next-line no-control-regex -- these are what must not be there
        expect(name).toMatch(/^(?!\.)[^/\\\u0000-\u001f]+$/u);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
        expect(sanitizeName(name)).toBe(name);
      }),
    );
  });
});
