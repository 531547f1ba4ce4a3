// A tier and a repository's listing → the files to fetch, and what each must turn out to be.

import { type ExpectedContent } from './content-digest.js';
import { ModelStoreError } from './errors.js';
import { type RepositoryListing } from './hub.js';
import {
  type FileRole,
  type ModelFile,
  type ModelSource,
  type ModelTier,
} from './model-manifest.js';
import { resolveLayout } from './resolve-layout.js';

export type PlannedFile = {
  role: FileRole;
  /** In the repository. */
  remotePath: string;
  /** Below the model's folder. */
  path: string;
  expected: ExpectedContent;
};

type TierToPull = { family: string; name: string; tier: ModelTier; source: ModelSource };

/** @throws ModelStoreError `MODEL_LAYOUT_UNKNOWN`, `MODEL_SOURCE_NOT_FOUND`, `MODEL_FILE_CORRUPT` */
export function planPull(
  { commit, files }: RepositoryListing,
  { family, name, tier, source }: TierToPull,
): PlannedFile[] {
  const listed = new Map(files.map(({ path, ...content }) => [path, content]));
  const wanted: ModelFile[] | undefined =
    tier.files ?? resolveLayout(listed.keys(), { family, tier: name });
  if (!wanted) {
    throw new ModelStoreError(
      'MODEL_LAYOUT_UNKNOWN',
      `${source.repository} at ${commit} does not have the files of tier ${name} in a layout that is known.`,
      { details: { repository: source.repository, commit, tier: name } },
    );
  }
  return wanted.map((file) => {
    const offered = listed.get(file.path);
    if (!offered) {
      throw new ModelStoreError(
        'MODEL_SOURCE_NOT_FOUND',
        `${source.repository} at ${commit} has no ${file.path}.`,
        { details: { repository: source.repository, commit, path: file.path } },
      );
    }
    const path = `${commit}/${file.path}`;
    return { role: file.role, remotePath: file.path, path, expected: agree(file, offered) };
  });
}

/** The manifest's pin and the hub's word must not differ: better known before 2 GB have been fetched. */
function agree(file: ModelFile, offered: ExpectedContent): ExpectedContent {
  const sizeDiffers = file.bytes !== undefined && file.bytes !== offered.bytes;
  const hashDiffers =
    file.sha256 !== undefined && offered.sha256 !== undefined && file.sha256 !== offered.sha256;
  if (sizeDiffers || hashDiffers) {
    throw new ModelStoreError(
      'MODEL_FILE_CORRUPT',
      `The hub's ${file.path} is not the file that the manifest pins: its ${sizeDiffers ? 'size' : 'sha-256'} differs. Nothing was installed.`,
      { details: { path: file.path, pinned: file, offered } },
    );
  }
  return { ...offered, ...(file.sha256 !== undefined && { sha256: file.sha256 }) };
}
