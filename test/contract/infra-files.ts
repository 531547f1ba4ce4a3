// infra/ as its tests read it: the compose file, the images' instructions, the Kubernetes manifests.

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

export const repository = fileURLToPath(new URL('../../', import.meta.url));
export const readText = (path: string) => readFileSync(join(repository, path), 'utf8');
const listFolder = (path: string, extension: string) =>
  readdirSync(join(repository, path))
    .filter((name) => name.endsWith(extension))
    .map((name) => `${path}/${name}`);

export type Variables = Record<string, string>;
type Service = {
  image: string;
  build?: { context: string; dockerfile: string };
  environment?: Record<string, string | number>;
  ports?: string[];
  networks: string[];
  volumes?: string[];
  stop_grace_period?: string;
  healthcheck?: object;
  read_only?: boolean;
  cap_drop?: string[];
};
type Compose = { services: Record<string, Service>; networks: Record<string, unknown> };

export const composeText = readText('infra/compose.yaml');
export const compose = parse(composeText, { merge: true }) as Compose;
export const getService = (name: string) => compose.services[name] ?? fail(`no service ${name}`);

/** `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, as compose puts them in. */
export const interpolation = /\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}/g;
export const expand = (text: string, given: Variables) =>
  text.replace(interpolation, (_all, name: string, mode?: string, rest?: string) => {
    const value = given[name];
    if (value) return value;
    if (mode === '?') throw new Error(`${name} is required`);
    return mode === '-' ? (rest ?? '') : '';
  });

export const settings: Variables = {
  STENO_ADMIN_KEY: 'a'.repeat(64),
  REDIS_PASSWORD: 'b'.repeat(64),
  S3_SECRET_KEY: 'c'.repeat(64),
};

/** What the process in the container reads: the image's variables under those of the service. */
export function readContainerEnvironment(name: string): Variables {
  const { build, environment = {} } = getService(name);
  const image = readImageVariables(build?.dockerfile ?? '');
  const own = Object.entries(environment).map(
    ([key, value]) => [key, expand(String(value), settings)] as const,
  );
  return { ...image, ...Object.fromEntries(own) };
}

/** Instructions of a Dockerfile, lines joined, comments left out. */
export function readInstructions(path: string): string[] {
  return readText(path)
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}

export function readImageVariables(dockerfile: string): Variables {
  const last =
    readInstructions(dockerfile)
      .join('\n')
      .split(/^FROM /m)
      .at(-1) ?? '';
  const pairs = [...last.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) => line.split(' '));
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]));
}

export function toSeconds(duration: string | undefined): number {
  const [, minutes = '0', seconds = '0'] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration ?? '') ?? [];
  return Number(minutes) * 60 + Number(seconds);
}

export const dockerfiles = listFolder('infra/docker', '.Dockerfile');
export const manifestFiles = listFolder('infra/k8s', '.yaml').filter(
  (path) => !path.endsWith('/kustomization.yaml'),
);

type Selector = { matchLabels: Variables };
type Reference = { name: string; key: string };
type Container = {
  name: string;
  image: string;
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef: Reference } }[];
  envFrom?: { configMapRef: { name: string } }[];
  securityContext: object;
  resources: { requests: Variables; limits: Variables };
};
type PodSpec = {
  terminationGracePeriodSeconds?: number;
  securityContext: object;
  containers: [Container];
  volumes?: { persistentVolumeClaim?: { claimName: string }; configMap?: { name: string } }[];
};
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  data?: Variables;
  stringData?: Variables;
  spec?: {
    selector?: Selector;
    template?: { metadata?: { labels: Variables }; spec: PodSpec };
    scaleTargetRef?: { name: string };
    maxUnavailable?: number;
    triggers?: { metadata: { query: string } }[];
  };
};

export const manifests = manifestFiles.flatMap((path) =>
  parseAllDocuments(readText(path)).map((document) => ({
    path,
    manifest: document.toJS() as Manifest,
  })),
);
export const titles = manifests.map(({ path, manifest }) => ({
  title: `${basename(path)}: ${manifest.kind} ${manifest.metadata.name}`,
  manifest,
}));
export const findManifest = (kind: string, name: string) =>
  manifests.find(({ manifest }) => manifest.kind === kind && manifest.metadata.name === name)
    ?.manifest ?? fail(`no ${kind} ${name}`);
export const workloads = manifests
  .map(({ manifest }) => manifest)
  .filter(({ spec }) => spec?.template !== undefined);
export const readPod = ({ spec }: Manifest) => spec?.template?.spec ?? fail('no pod');

function fail(message: string): never {
  throw new Error(message);
}
