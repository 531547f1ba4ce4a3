// Which audio track of a recording is transcribed.

import { AsrError } from '../errors.js';
import { type AudioTrack } from './probe-audio.js';

/**
 * The track that was asked for: its place among the audio tracks (0 = first), or a language as BCP
 * 47 or ISO 639 (`en`, `eng` and `en-US` find each other; an exact match wins). Without a wish, the
 * one the container marks as default.
 */
export function chooseTrack(
  tracks: readonly AudioTrack[],
  wish: number | string | undefined,
): AudioTrack {
  const chosen =
    wish === undefined
      ? (tracks.find((track) => track.isDefault) ?? tracks[0])
      : typeof wish === 'number'
        ? tracks.find((track) => track.index === wish)
        : findLanguage(tracks, wish);
  if (chosen !== undefined) return chosen;

  const available = tracks.map(({ index, language }) => `${index} (${language ?? 'no language'})`);
  throw new AsrError(
    'AUDIO_TRACK_UNKNOWN',
    `The recording has no audio track ${JSON.stringify(wish)}; it has ${available.join(', ')}.`,
    { details: { wish, tracks: tracks.map(({ index, language }) => ({ index, language })) } },
  );
}

/**
 * One spelling per language: `eng`, `ger` and `pt_BR` become `en`, `de` and `pt-BR`; undefined for
 * none or unknown.
 */
export function canonicalLanguage(tag: string | undefined): string | undefined {
  if (tag === undefined) return undefined;
  try {
    const [canonical] = Intl.getCanonicalLocales(tag.trim().replaceAll('_', '-'));
    return canonical === 'und' || canonical === 'zxx' ? undefined : canonical;
  } catch {
    return undefined;
  }
}

function findLanguage(tracks: readonly AudioTrack[], wish: string): AudioTrack | undefined {
  const language = canonicalLanguage(wish);
  if (language === undefined) return undefined;
  const candidates = [...tracks].sort((a, b) => Number(b.isDefault) - Number(a.isDefault));
  return (
    candidates.find((track) => track.language === language) ??
    candidates.find((track) => primary(track.language) === primary(language))
  );
}

function primary(language: string | undefined): string | undefined {
  return language?.split('-')[0];
}
