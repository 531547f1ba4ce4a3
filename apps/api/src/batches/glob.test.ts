import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { compileGlob } from './glob.js';

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
    const ours = compileGlob(pattern, 'include');
    const theirs = picomatch(pattern);
    expect(paths.filter(ours)).toEqual(paths.filter((path) => theirs(path)));
  });

  it('matches a pattern without a slash with the file’s name', () => {
    expect(paths.filter(compileGlob('talk.*', 'include'))).toEqual(
      paths.filter((path) => path.includes('talk.')),
    );
  });

  it('takes [!…] for what a shell takes it for', () => {
    expect(paths.filter(compileGlob('2024/x[!1]*.wav', 'include'))).toEqual(['2024/x22.wav']);
  });

  it('takes a character behind a backslash as it stands', () => {
    expect(compileGlob('a\\*.mp3', 'include')('a*.mp3')).toBe(true);
    expect(compileGlob('a\\*.mp3', 'include')('ab.mp3')).toBe(false);
  });

  it('needs no more than moments for what would keep a regular expression busy for years', () => {
    const glob = compileGlob('*a'.repeat(200), 'include');
    expect(glob(`${'a'.repeat(1000)}b`)).toBe(false);
    const folders = compileGlob(`${'**/'.repeat(100)}x`, 'include');
    expect(folders('a/'.repeat(400))).toBe(false);
  });

  it.each(['[a', 'a\\', '{a,b}'.repeat(10)])('refuses %s', (pattern) => {
    expect(() => compileGlob(pattern, 'input.include.0')).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', field: 'input.include.0' }),
    );
  });
});
