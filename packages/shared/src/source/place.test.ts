import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPlace, isInsidePrefix, jailPath, parsePath, parsePlace } from './place.js';

describe('isInsidePrefix', () => {
  it.each([
    ['s3://b1b/out', 's3://b1b/out'],
    ['s3://b1b/out', 's3://b1b/out/'],
    ['s3://b1b/out/', 's3://b1b/out'],
    ['s3://b1b/out', 's3://b1b/out/a/b.json'],
    ['s3://b1b', 's3://b1b/anything'],
    ['S3://b1b/out', 's3://b1b/out/a'],
    ['s3://b1b/out', 's3://b1b/out/100%/a?b#c'],
    ['file:///data/out', 'file:///data/out/a%20b'],
    ['file:///data/%6fut', 'file:///data/out/x'],
    ['file:///data/out', 'file://localhost/data/out/x'],
    ['file:///', 'file:///x'],
  ])('%s holds %s', (prefix, url) => {
    expect(isInsidePrefix(prefix, url)).toBe(true);
  });

  it.each([
    ['s3://b1b/out', 's3://b1b/outside'],
    ['s3://b1b/out', 's3://b1b/ou'],
    ['s3://b1b/out', 's3://b1b/OUT/x'],
    ['s3://b1b/out', 's3://b1b/out/../x'],
    ['s3://b1b/out', 's3://b1b/out/%2e%2e/x'],
    ['s3://b1b/out', 's3://b1b/out/%252e%252e%252fx'],
    ['s3://b1b/out', 's3://b1b/out/%zz/%2e%2e/%2e%2e/x'],
    ['s3://b1b/out', 's3://b1b/out/..%2fx'],
    ['s3://b1b/out', 's3://b1b/out/%c0%ae%c0%ae/x'],
    ['s3://b1b/out', 's3://b1b//out/x'],
    ['s3://b1b/out', 's3://b1b/out//x'],
    ['s3://b1b/out', 's3://b1b/out/a\\..\\x'],
    ['s3://b1b/out', 's3://b1b/%6fut/x'],
    ['s3://b1b', 's3://b1b2/x'],
    ['s3://b1b', 's3://b1b.evil.org/x'],
    ['s3://b1b/out', 's3://b1b@evil/out/x'],
    ['s3://b1b/out', 'file:///out/x'],
    ['s3://b1b/out', '/out/x'],
    ['file:///data/out', 'file:///data/outside'],
    ['file:///data/out', 'file:///data/out/../x'],
    ['file:///data/out', 'file:///data/out/%2E%2e/x'],
    ['file:///data/out', 'file:///data/out/a%2f..%2f..%2fx'],
    ['file:///data/out', 'file:///data/out/a%00b'],
    ['file:///data/out', 'file://evil/data/out/x'],
    ['file:///data/out', 'file:data/out/x'],
    ['file:///data/out', 'file:///data/out/%'],
    ['file:///data/out', 'file:///data/out/x?y'],
    ['file:///data/out', 'file:////data/out/x'],
  ])('%s does not hold %s', (prefix, url) => {
    expect(isInsidePrefix(prefix, url)).toBe(false);
    expect(() => jailPath(url, [prefix])).toThrow(
      expect.objectContaining({ code: 'PATH_FORBIDDEN' }),
    );
  });

  it('holds nothing whose path leaves the prefix once resolved, in whatever encoding', () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '%252e.',
      'a',
      '%2f',
      '/',
      '\\',
      '%5c',
      'b%',
      '%00',
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }),
        fc.constantFrom('s3', 'file'),
        (parts, scheme) => {
          const root = scheme === 's3' ? 's3://b1b/out' : 'file:///data/out';
          const url = `${root}/${parts.join('/')}`;
          if (!isInsidePrefix(root, url)) return;
          let path = parts.join('/');
          for (let layer = 0; layer < 4; layer++) {
            expect(`/${path}/`).not.toMatch(/[/\\]\.\.?[/\\]/);
            path = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
              String.fromCharCode(Number.parseInt(hex, 16)),
            );
          }
        },
      ),
    );
  });
});

describe('jailPath', () => {
  it('answers with one spelling of what lies inside any of the prefixes', () => {
    expect(jailPath('S3://b1b/out/a/', ['file:///x', 's3://b1b/out'])).toBe('s3://b1b/out/a');
    expect(jailPath('file://localhost/x/a%2Db', ['file:///x'])).toBe('file:///x/a-b');
  });

  it('forbids everything where nothing is configured', () => {
    expect(() => jailPath('s3://b1b/x', [])).toThrow(
      expect.objectContaining({ code: 'PATH_FORBIDDEN' }),
    );
  });
});

describe('parsePath', () => {
  it('names every plain path by an address that parses back', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const place = parsePath(`/${parts.join('/')}`);
        if (place !== undefined) expect(parsePlace(formatPlace(place))).toEqual(place);
      }),
    );
    expect(parsePath('/media/a b%.mp3')).toMatchObject({ parts: ['media', 'a b%.mp3'] });
    expect(parsePath('media')).toBeUndefined();
    expect(parsePath('/media/../etc')).toBeUndefined();
  });
});
