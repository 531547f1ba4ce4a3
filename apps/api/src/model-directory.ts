// Which models and tiers a job may name: what live hosts serve, what is installed here, and the catalogue. A model that
// nobody serves now is accepted: its jobs wait.

import { listInstalledModels, listKnownModels, type ModelTier } from '@stenofleet/model-store';
import { type HostRecord } from '@stenofleet/shared/ledger';
import { OptionError } from './option-error.js';

/** How old the hosts' announcements may be, in ms: a batch asks for each of its items. */
const HOSTS_KEEP_MS = 2_000;
/** Manifests change when somebody pulls or imports a model on this host. */
const CATALOGUE_KEEP_MS = 30_000;

/** What a manifest says of a tier; nothing is known of one that only hosts have. */
export type TierFacts = Partial<
  Pick<
    ModelTier,
    | 'maxSegmentSeconds'
    | 'maxSegmentReason'
    | 'memoryBytes'
    | 'cpuFeatures'
    | 'accuracy'
    | 'betterTier'
    | 'parity'
    | 'switches'
    | 'otherWeights'
  >
> & {
  /** Size of its files. */
  bytes?: number;
};

export type KnownTier = TierFacts & {
  tier: string;
  isDefault: boolean;
  languages: readonly string[];
  languageRequired: boolean;
  /** Live hosts that serve it. */
  hosts: number;
};

export type KnownModel = {
  id: string;
  name: string;
  demo: boolean;
  tiers: KnownTier[];
};

export type ModelChoice = { model: string; tier: string; language?: string };

export interface ModelDirectory {
  list(): Promise<KnownModel[]>;
  /** The model meant where a request names none. */
  getDefault(): Promise<string>;
  /**
   * Decides what a request leaves open.
   * @throws OptionError `MODEL_UNKNOWN`, `MODEL_UNKNOWN_TIER`, `LANGUAGE_UNSUPPORTED`, `LANGUAGE_REQUIRED`
   */
  choose(wanted: {
    model?: string | undefined;
    tier?: string | undefined;
    language?: string | undefined;
  }): Promise<ModelChoice>;
}

/** What a model's manifest says of it. */
export type CatalogueModel = {
  id: string;
  name: string;
  demo: boolean;
  languages: readonly string[];
  languageRequired: boolean;
  defaultTier: string;
  tiers: readonly string[];
  facts?: Readonly<Record<string, TierFacts>>;
};

export type ModelDirectoryOptions = {
  listHosts: () => Promise<HostRecord[]>;
  readCatalogue: () => Promise<CatalogueModel[]>;
  defaultModel: string | undefined;
  now: () => number;
};

export function createModelDirectory({
  listHosts,
  readCatalogue,
  defaultModel,
  now,
}: ModelDirectoryOptions): ModelDirectory {
  const getCatalogue = keepFor(CATALOGUE_KEEP_MS, { read: readCatalogue, now });
  const list = keepFor(HOSTS_KEEP_MS, {
    read: async () => mergeModels(await getCatalogue(), await listHosts()),
    now,
  });

  return {
    list,
    getDefault: async () => defaultModel ?? chooseDefaultModel(await list()),
    async choose({ model, tier, language }) {
      const models = await list();
      const id = model ?? defaultModel ?? chooseDefaultModel(models);
      const found = models.find((candidate) => candidate.id === id);
      if (found === undefined) {
        throw new OptionError(
          'MODEL_UNKNOWN',
          `There is no model "${id}"; GET /v1/models lists those there are.`,
          { field: 'model', details: { model: id, accepted: models.map((known) => known.id) } },
        );
      }
      const chosen = chooseTier(found, tier);
      const spoken = chooseLanguage(found.id, { ...chosen, language });
      return { model: id, tier: chosen.tier, ...(spoken !== undefined && { language: spoken }) };
    },
  };
}

/** The catalogue of the model store and the models installed in `root`. */
export async function readModelCatalogue(root: string): Promise<CatalogueModel[]> {
  const installed = await listInstalledModels({ root });
  const manifests = [...(await listKnownModels()), ...installed.map(({ manifest }) => manifest)];
  const models = new Map<string, CatalogueModel>();
  for (const { tiers, ...manifest } of manifests) {
    const before = models.get(manifest.id);
    const facts = Object.entries(tiers).map(([name, tier]) => [name, describeFacts(tier)] as const);
    models.set(manifest.id, {
      ...manifest,
      tiers: [...new Set([...(before?.tiers ?? []), ...Object.keys(tiers)])],
      facts: { ...before?.facts, ...Object.fromEntries(facts) },
    });
  }
  return [...models.values()];
}

function describeFacts({ files = [], ...tier }: ModelTier): TierFacts {
  const sizes = files.flatMap(({ bytes }) => bytes ?? []);
  const isMeasured = files.length > 0 && sizes.length === files.length;
  const { maxSegmentSeconds, maxSegmentReason, memoryBytes, cpuFeatures, accuracy } = tier;
  const { betterTier, parity, switches, otherWeights } = tier;
  return {
    ...{ maxSegmentSeconds, maxSegmentReason, memoryBytes, cpuFeatures, accuracy },
    ...{ betterTier, parity, switches, otherWeights },
    ...(isMeasured && { bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) }),
  };
}

function mergeModels(
  catalogue: readonly CatalogueModel[],
  hosts: readonly HostRecord[],
): KnownModel[] {
  const models = new Map<string, KnownModel>();
  for (const { id, name, demo, tiers, facts, defaultTier, ...spoken } of catalogue) {
    const { languages, languageRequired } = spoken;
    const known = tiers.map((tier) => ({
      ...facts?.[tier],
      tier,
      isDefault: tier === defaultTier,
      languages,
      languageRequired,
      hosts: 0,
    }));
    models.set(id, { id, name, demo, tiers: known });
  }
  for (const served of hosts
    .filter(({ state }) => state !== 'draining')
    .flatMap((host) => host.models)) {
    const model = models.get(served.model) ?? {
      id: served.model,
      name: served.name,
      demo: served.demo,
      tiers: [],
    };
    models.set(served.model, model);
    const known = model.tiers.find(({ tier }) => tier === served.tier);
    const { languages, languageRequired, maxSegmentSeconds } = served;
    if (known === undefined) {
      model.tiers.push({
        maxSegmentSeconds,
        tier: served.tier,
        isDefault: served.isDefaultTier && !model.tiers.some(({ isDefault }) => isDefault),
        languages,
        languageRequired,
        hosts: 1,
      });
    } else {
      known.hosts += 1;
      Object.assign(known, { languages, languageRequired });
    }
  }
  return [...models.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The real model that most hosts serve; the demo model where there is none. */
function chooseDefaultModel(models: readonly KnownModel[]): string {
  const hostsOf = ({ tiers }: KnownModel) => Math.max(0, ...tiers.map(({ hosts }) => hosts));
  const served = models.filter((model) => !model.demo && hostsOf(model) > 0);
  const [first] = served.sort((a, b) => hostsOf(b) - hostsOf(a));
  return first?.id ?? models.find(({ demo }) => demo)?.id ?? 'demo-en';
}

/** The tier asked for; else the model's default, or one that is served where the default is not. */
function chooseTier(model: KnownModel, tier: string | undefined): KnownTier {
  const [first] = model.tiers;
  const usual = model.tiers.find(({ isDefault }) => isDefault) ?? first;
  const served = model.tiers.find(({ hosts }) => hosts > 0);
  const chosen =
    tier === undefined
      ? usual !== undefined && usual.hosts > 0
        ? usual
        : (served ?? usual)
      : model.tiers.find((candidate) => candidate.tier === tier);
  if (chosen !== undefined) return chosen;
  const accepted = model.tiers.map((candidate) => candidate.tier);
  throw new OptionError(
    'MODEL_UNKNOWN_TIER',
    `${model.id} has no tier "${tier ?? ''}"; it has ${accepted.join(', ')}.`,
    { field: 'tier', details: { model: model.id, tier, accepted } },
  );
}

/** The code as the model knows it (`en` for `en-US`), checked as the recognizers do, but before anything is fetched. */
function chooseLanguage(
  model: string,
  {
    language,
    languages,
    languageRequired,
  }: Pick<KnownTier, 'languages' | 'languageRequired'> & { language: string | undefined },
): string | undefined {
  if (language === undefined) {
    if (!languageRequired) return undefined;
    throw new OptionError(
      'LANGUAGE_REQUIRED',
      `${model} must be told the language: one of ${languages.join(', ')}.`,
      { field: 'language', details: { model, accepted: languages } },
    );
  }
  const accepted = [language, toPrimaryLanguage(language)].find((code) => languages.includes(code));
  if (accepted !== undefined) return accepted;
  const isUndetermined = languages.includes('und');
  throw new OptionError(
    'LANGUAGE_UNSUPPORTED',
    isUndetermined
      ? `What ${model} knows was not said when it was imported: leave the language out.`
      : `${model} does not know the language "${language}"; it knows ${languages.join(', ')}.`,
    { field: 'language', details: { model, language, accepted: isUndetermined ? [] : languages } },
  );
}

function toPrimaryLanguage(code: string): string {
  return (code.split('-')[0] ?? code).toLowerCase();
}

/** Reads again when what it has is older than `keepMs`, or failed. Callers at the same time share one reading. */
function keepFor<T>(
  keepMs: number,
  { read, now }: { read: () => Promise<T>; now: () => number },
): () => Promise<T> {
  let kept: { value: Promise<T>; atMs: number } | undefined;
  return () => {
    if (kept !== undefined && now() - kept.atMs < keepMs) return kept.value;
    const value = read();
    const mine = { value, atMs: now() };
    kept = mine;
    value.catch(() => {
      if (kept === mine) kept = undefined;
    });
    return value;
  };
}
