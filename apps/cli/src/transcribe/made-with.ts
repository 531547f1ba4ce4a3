// What a transcript is made with, in one string: equal strings, equal transcripts of the same recording.

import { identifyModel } from '@stenofleet/model-store';
import { z } from 'zod';
import { describeOptions, type Maker } from './describe-transcript.js';
import { type OutputState } from './judge-outputs.js';
import { type LedgerEntry } from './ledger.js';

const madeWithSchema = z.object({
  model: z.string(),
  tier: z.string(),
  files: z.array(z.string()),
});

export function describeMadeWith(maker: Maker): string {
  return JSON.stringify({
    ...describeOptions(maker),
    files: identifyModel(maker.model.provenance),
  });
}

/** Of a file that lies there; undefined where it is not ours, or was written before the ledger kept this. */
export function getMadeWith(
  entry: LedgerEntry | undefined,
  { path, sha256 }: OutputState,
): string | undefined {
  if (!entry || sha256 === undefined) return undefined;
  if (sha256 === entry.outputs[path]) return entry.options;
  return sha256 === entry.earlier[path] ? entry.earlierOptions?.[path] : undefined;
}

export function getModelId(madeWith: string): string | undefined {
  return parse(madeWith)?.model;
}

/** What a transcript was made with, in as many words as tell it from one that is made with `now`. */
export function nameDifference(then: string, now: string): string {
  const [old, young] = [parse(then), parse(now)];
  if (!old || !young) return 'other options';
  const name = `${old.model} ${old.tier}`;
  if (name !== `${young.model} ${young.tier}`) return name;
  return old.files.join() === young.files.join() ? 'other options' : `other files of ${name}`;
}

function parse(madeWith: string) {
  try {
    return madeWithSchema.parse(JSON.parse(madeWith));
  } catch {
    return undefined;
  }
}
