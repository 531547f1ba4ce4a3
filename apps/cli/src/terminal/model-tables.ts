import { type InstalledModel, type ModelManifest } from '@stenofleet/model-store';
import { RECOMMENDED_MODEL } from '../choose-model.js';
import { formatBytes } from './format-quantities.js';
import { type Style } from './style.js';
import { formatTable } from './table.js';

const MAX_LANGUAGES_SHOWN = 4;

/** Every tier of every model, installed ones first. */
export function formatModelList(
  installed: readonly InstalledModel[],
  known: readonly ModelManifest[],
  style: Style,
): string[] {
  const header = ['MODEL', 'TIER', 'SIZE', 'STATE', 'LANGUAGES', 'LICENCE'].map(style.quiet);
  const installedRows = installed.flatMap((model) =>
    model.tiers.map(({ tier, bytes, damagedFiles }) => [
      style.strong(model.manifest.id),
      nameTier(tier, model.manifest),
      formatBytes(bytes),
      damagedFiles.length > 0
        ? style.bad('damaged')
        : style.good(model.bundled ? 'comes with steno' : 'installed'),
      formatLanguages(model.manifest.languages),
      model.manifest.license,
    ]),
  );
  const isRecommended = ({ id }: ModelManifest) => Number(id === RECOMMENDED_MODEL);
  const ranked = known.toSorted((a, b) => isRecommended(b) - isRecommended(a));
  const availableRows = ranked.flatMap((manifest) =>
    Object.entries(manifest.tiers)
      .filter(([tier]) => !isInstalled(installed, { id: manifest.id, tier }))
      .map(([tier, { files = [] }]) => [
        manifest.id,
        nameTier(tier, manifest),
        sumKnownBytes(files),
        style.quiet('to be pulled'),
        formatLanguages(manifest.languages),
        manifest.license,
      ]),
  );
  return [
    ...formatTable([header, ...installedRows, ...availableRows]),
    '',
    style.quiet(
      `* the default of a model with several tiers. To install one: steno models pull ${RECOMMENDED_MODEL}`,
    ),
  ];
}

export function formatModelInfo(
  {
    manifest,
    known,
    installed,
  }: {
    manifest: ModelManifest;
    known: ModelManifest | undefined;
    installed: InstalledModel | undefined;
  },
  style: Style,
): string[] {
  const facts = formatTable(
    [
      ['Id', manifest.id],
      ['Family', manifest.family],
      ['Languages', manifest.languages.join(', ')],
      ['Language', manifest.languageRequired ? 'must be named' : 'need not be named'],
      ['Text', manifest.punctuation ? 'with punctuation and case' : 'words only'],
      ['Word times', manifest.nativeTimes ? 'from the model' : 'estimated'],
      ['Licence', manifest.license],
      ['By', manifest.attribution],
      ['Folder', installed?.folder ?? 'not installed'],
    ].map(([name = '', value = '']) => [style.quiet(name), value]),
  );
  const tiers = { ...known?.tiers, ...manifest.tiers };
  return [
    style.strong(manifest.name),
    manifest.description,
    ...(manifest.demo ? [style.warning('For trying the system only, not for real work.')] : []),
    '',
    ...facts,
    ...Object.entries(tiers).flatMap(([name, tier]) => {
      const state = installed?.tiers.find((candidate) => candidate.tier === name);
      const source = tier.source ?? manifest.source;
      return [
        '',
        `${style.strong(nameTier(name, manifest))}  ${describeState(state)}, segments of up to ${tier.maxSegmentSeconds} s`,
        ...(tier.description === undefined ? [] : [`  ${tier.description}`]),
        ...(source ? [style.quiet(`  ${source.repository} @ ${source.revision}`)] : []),
        ...formatTable(
          (tier.files ?? []).map(({ path, bytes, sha256 }) => [
            `  ${path}`,
            bytes === undefined ? '' : formatBytes(bytes),
            style.quiet(sha256 ?? ''),
          ]),
        ),
      ];
    }),
  ];
}

function describeState(state: InstalledModel['tiers'][number] | undefined): string {
  if (!state) return 'to be pulled';
  return state.damagedFiles.length > 0 ? 'damaged' : 'installed';
}

function isInstalled(
  installed: readonly InstalledModel[],
  { id, tier }: { id: string; tier: string },
): boolean {
  const model = installed.find(({ manifest }) => manifest.id === id);
  return model?.tiers.some((state) => state.tier === tier) ?? false;
}

function nameTier(tier: string, { defaultTier, tiers }: ModelManifest): string {
  return tier === defaultTier && Object.keys(tiers).length > 1 ? `${tier} *` : tier;
}

function sumKnownBytes(files: readonly { bytes?: number | undefined }[]): string {
  if (files.length === 0 || files.some(({ bytes }) => bytes === undefined)) return '';
  return formatBytes(files.reduce((sum, { bytes = 0 }) => sum + bytes, 0));
}

function formatLanguages(languages: readonly string[]): string {
  const shown = languages.slice(0, MAX_LANGUAGES_SHOWN).join(' ');
  const more = languages.length - MAX_LANGUAGES_SHOWN;
  return more > 0 ? `${shown} +${more}` : shown;
}
