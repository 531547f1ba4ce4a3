// What the user named → recordings. Nothing that was named goes missing: what yields no recording yields a problem.

import { basename, dirname, join, relative, resolve } from 'node:path';
import { AsrError } from '@stenofleet/asr-core';
import { isDynamicPattern } from 'tinyglobby';
import { CliError } from '../cli-error.js';
import { type FileTree } from './file-tree.js';
import { hasMediaExtension } from './media-extensions.js';
import { decodePart, type Recording } from './recording.js';

export type InputProblem = { shown: string; error: Error };
export type FoundRecordings = { recordings: Recording[]; problems: InputProblem[] };

type Search = { tree: FileTree; cwd: string };

/**
 * Expands files, folders (with everything below), globs and http(s) addresses, in order; each recording once.
 * @throws CliError `OPTION_INVALID` for standard input
 */
export async function findRecordings(
  inputs: readonly string[],
  search: Search,
): Promise<FoundRecordings> {
  const recordings = new Map<string, Recording>();
  const problems: InputProblem[] = [];
  for (const input of inputs) {
    if (input === '-') {
      throw new CliError(
        'OPTION_INVALID',
        'Standard input cannot be read: name a file, a folder, a glob or an http(s) address.',
      );
    }
    try {
      for (const recording of await expandInput(input, search)) {
        const key = recording.kind === 'file' ? recording.path : recording.url;
        if (!recordings.has(key)) recordings.set(key, recording);
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      problems.push({ shown: hideSecrets(input), error });
    }
  }
  return { recordings: [...recordings.values()], problems };
}

async function expandInput(input: string, search: Search): Promise<Recording[]> {
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(input)) return [describeUrl(input)];
  const path = resolve(search.cwd, input);
  switch (await search.tree.getKind(path)) {
    case 'file':
      return [describeFile(path, { shown: input, root: dirname(path), below: '' })];
    case 'folder':
      return requireSome(
        await walkFolder(path, { search, shown: input }),
        `${input} and the folders below it hold`,
      );
    case 'other':
      throw new AsrError('AUDIO_UNREADABLE', `${input}: neither a file nor a folder.`);
    case 'missing':
      if (!isDynamicPattern(input))
        throw new AsrError('AUDIO_NOT_FOUND', `${input}: no such file.`);
      return requireSome(await expandGlob(input, search), `${input} matches`);
  }
}

async function walkFolder(
  root: string,
  { search, shown }: { search: Search; shown: string },
): Promise<Recording[]> {
  const found: Recording[] = [];
  const visit = async (below: string): Promise<void> => {
    const folder = join(root, below);
    const entries = await search.tree.list(folder).catch((cause: unknown) => {
      throw new CliError('INPUT_UNREADABLE', `${join(shown, below)}: the folder cannot be read.`, {
        cause,
      });
    });
    for (const { name, kind } of entries.sort((a, b) => compareNames(a.name, b.name))) {
      // Hidden ones are not for people: `._talk.mp3` is what macOS leaves beside `talk.mp3`.
      if (name.startsWith('.')) continue;
      if (kind === 'folder') await visit(join(below, name));
      if (kind === 'file' && hasMediaExtension(name)) {
        found.push(
          describeFile(join(folder, name), { shown: join(shown, below, name), root, below }),
        );
      }
    }
  };
  await visit('');
  return found;
}

async function expandGlob(pattern: string, { tree, cwd }: Search): Promise<Recording[]> {
  const base = resolve(cwd, getGlobBase(pattern));
  const paths = (await tree.match(pattern, cwd)).map((path) => resolve(path));
  return paths
    .filter(hasMediaExtension)
    .sort(compareNames)
    .map((path) => {
      const inCwd = relative(cwd, path);
      const shown = inCwd.startsWith('..') ? path : inCwd;
      return describeFile(path, { shown, root: base, below: relative(base, dirname(path)) });
    });
}

/** The folders of a pattern before the first that is a pattern itself. */
function getGlobBase(pattern: string): string {
  const parts = pattern.split('/');
  const firstDynamic = parts.findIndex((part) => isDynamicPattern(part));
  return parts.slice(0, firstDynamic).join('/') || (pattern.startsWith('/') ? '/' : '.');
}

function describeFile(
  path: string,
  { shown, root, below }: { shown: string; root: string; below: string },
): Recording {
  return { kind: 'file', shown, name: basename(path), path, below, root: basename(root) };
}

function describeUrl(input: string): Recording {
  const url = URL.canParse(input) ? new URL(input) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CliError(
      'INPUT_UNREADABLE',
      `${hideSecrets(input)}: only http:// and https:// addresses can be fetched.`,
    );
  }
  url.hash = '';
  return { kind: 'url', shown: hideSecrets(url.href), name: nameOf(url), url: url.href };
}

/** The last part of the address's path as a file name that is safe everywhere. */
function nameOf(url: URL): string {
  const last = url.pathname.split('/').findLast((part) => part !== '') ?? '';
  const name = decodePart(last)
    .replace(/[\p{Cc}/\\:*?"<>|]+/gu, '_')
    .replace(/^\.+/, '');
  return name.slice(0, 150) || url.hostname;
}

/** User names, passwords and queries (signatures) of an address are nobody else's business. */
function hideSecrets(input: string): string {
  if (!URL.canParse(input)) return input;
  const url = new URL(input);
  if (url.host === '') return input;
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function requireSome(recordings: Recording[], where: string): Recording[] {
  if (recordings.length > 0) return recordings;
  throw new CliError('INPUT_EMPTY', `${where} no recording (judged by its extension).`);
}

function compareNames(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
