import { type InstalledModel, type ModelManifest, type ModelTier } from '@stenofleet/model-store';
import { RECOMMENDED_MODEL } from '../choose-model.js';
import { formatBytes } from './format-quantities.js';
import { type Style } from './style.js';
import { formatTable } from './table.js';

const MAX_LANGUAGES_SHOWN = 4;
const TIER_COLUMNS = 'TIER,STATE,SIZE,SEGMENTS,MEMORY,CPU,BETTER,MAY DIFFER,SWITCHES'.split(',');

/** Every tier of every model, installed ones first. */
export function formatModelList(
  installed: readonly InstalledModel[],
  known: readonly ModelManifest[],
  style: Style,
): string[] {
  const header = ['MODEL', 'TIER', 'SIZE', 'STATE', 'LANGUAGES', 'LICENCE'].map(style.quiet);
  const installedRows = installed.flatMap((model) =>
    model.tiers.map((state) => [
      style.strong(model.manifest.id),
      nameTier(state.tier, model.manifest),
      formatBytes(state.bytes),
      (state.isUsable ? style.good : style.bad)(describeState(state, model)),
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
        style.quiet(describeWay(manifest, tier)),
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
      ['Word times', describeTimes(manifest)],
      ['Licence', [manifest.license, manifest.licenseUrl ?? ''].join(' ').trim()],
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
    '',
    ...formatTable([
      TIER_COLUMNS.map(style.quiet),
      ...Object.entries(tiers).map(([name, tier]) => {
        const state = installed?.tiers.find((candidate) => candidate.tier === name);
        const how = state && installed ? describeState(state, installed) : undefined;
        return [
          style.strong(nameTier(name, manifest)),
          how ?? describeWay(known ?? manifest, name),
          ...describeTier(tier),
        ];
      }),
    ]),
    ...Object.entries(tiers).flatMap(([name, tier]) => {
      const source = tier.source ?? manifest.source;
      return [
        '',
        style.strong(name),
        ...(tier.description === undefined ? [] : [`  ${tier.description}`]),
        ...(tier.maxSegmentReason === undefined
          ? []
          : [`  Segments of up to ${tier.maxSegmentSeconds} s: ${tier.maxSegmentReason}`]),
        ...(tier.accuracy ?? []).map(
          ({ what, percent, source: by }) => `  ${percent} %  ${what} ${style.quiet(`(${by})`)}`,
        ),
        ...(source && !tier.otherWeights
          ? [style.quiet(`  ${source.repository} @ ${source.revision}`)]
          : []),
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

function describeTier({
  files = [],
  maxSegmentSeconds,
  memoryBytes,
  cpuFeatures = [],
  betterTier = '',
  parity,
  switches = {},
}: ModelTier): string[] {
  return [
    sumKnownBytes(files),
    `${maxSegmentSeconds} s`,
    memoryBytes === undefined ? '' : formatBytes(memoryBytes),
    cpuFeatures.join(' '),
    betterTier,
    parity ? `${(100 * parity.maxWordErrorRate).toFixed(0)} % from ${parity.reference}` : '',
    Object.entries(switches)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ];
}

function describeTimes({ nativeTimes, aligner }: ModelManifest): string {
  if (nativeTimes) return 'from the model';
  return `from an installed CTC model${aligner === undefined ? '' : ` such as ${aligner}`}, or else estimated`;
}

function describeState(
  { tier, damagedFiles, isRefused }: InstalledModel['tiers'][number],
  { bundled, manifest }: InstalledModel,
): string {
  if (damagedFiles.length > 0) return 'damaged';
  if (isRefused) return 'refused by a check';
  if (bundled) return 'comes with steno';
  return manifest.tiers[tier]?.otherWeights ? 'other weights' : 'installed';
}

/** How a tier that is not installed comes to be. */
function describeWay({ source, tiers }: ModelManifest, tier: string): string {
  return (tiers[tier]?.source ?? source) ? 'to be pulled' : 'to be imported';
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
