import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { compileGlob } from './glob.js';
import { createFilter } from './read-batch-items.js';

const paths = [
  'talk.mp3',
  'talk.wav',
  '2024/talk.mp3',
  '2024/a/b/talk.mp3',
  '2024/a/b/c.flac',
  'a.b.mp3',
  '2024/x1.wav',
  '2024/x22.wav',
  'ä/ö.mp3',
];
const patterns = [
  '2024/*.mp3',
  '2024/**',
  '**/talk.mp3',
  '2024/**/talk.mp3',
  '**/*.{mp3,flac}',
  '2024/x?.wav',
  '2024/x[0-9].wav',
  '2024/x[^1]*.wav',
  '{2024/a,ä}/**/*.{mp3,flac}',
  '**/b/*',
];

describe('compileGlob', () => {
  it.each(patterns)('reads %s as picomatch does', (pattern) => {
    const ours = compileGlob(pattern, 'include').matches;
    const theirs = picomatch(pattern);
    expect(paths.filter(ours)).toEqual(paths.filter((path) => theirs(path)));
  });

  it('matches a pattern without a slash with the file’s name', () => {
    expect(paths.filter(compileGlob('talk.*', 'include').matches)).toEqual(
      paths.filter((path) => path.includes('talk.')),
    );
  });

  it('takes [!…] for what a shell takes it for', () => {
    expect(paths.filter(compileGlob('2024/x[!1]*.wav', 'include').matches)).toEqual([
      '2024/x22.wav',
    ]);
  });

  it('takes a character behind a backslash as it stands', () => {
    expect(compileGlob('a\\*.mp3', 'include').matches('a*.mp3')).toBe(true);
    expect(compileGlob('a\\*.mp3', 'include').matches('ab.mp3')).toBe(false);
  });

  it('needs no more than moments for what would keep a regular expression busy for years', () => {
    const glob = compileGlob('*a'.repeat(200), 'include');
    expect(glob.matches(`${'a'.repeat(1000)}b`)).toBe(false);
    const folders = compileGlob(`${'**/'.repeat(100)}x`, 'include');
    expect(folders.matches('a/'.repeat(400))).toBe(false);
  });

  it('needs 5,000 steps at most for each character, with all patterns and alternatives together', () => {
    const costly = `{${'*,'.repeat(50)}*}${'*a'.repeat(150)}z`;
    expect(() => createFilter([costly], [])).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', field: 'input.include' }),
    );
    expect(() => createFilter(undefined, Array<string>(50).fill('*a'.repeat(100)))).toThrow(
      expect.objectContaining({ field: 'input.exclude' }),
    );
    const usual = Array<string>(50).fill('**/*.{mp3,wav,flac,m4a,ogg}');
    expect(createFilter(usual, usual)('a/b.mp3')).toBe(false);
  });

  it.each(['[a', 'a\\', '{a,b}'.repeat(10)])('refuses %s', (pattern) => {
    expect(() => compileGlob(pattern, 'input.include.0')).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', field: 'input.include.0' }),
    );
  });
});
