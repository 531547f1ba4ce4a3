// What cannot be run here is held against its schemas, and against what the apps, Redis and the repository say.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fleetVariables, otherVariables } from '@stenofleet/shared/config';
import { checkRedis } from '@stenofleet/shared/queue';
import { Ajv } from 'ajv';
import { Redis } from 'ioredis';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig as readApiConfig } from '../../apps/api/dist/config.js';
import { readConfig as readWorkerConfig } from '../../apps/worker/dist/config.js';
import { freePorts, startProcess, waitForServer } from '../servers/child-process.js';
import {
  compose,
  composeText,
  dockerfiles,
  expand,
  findManifest,
  getService,
  interpolation,
  type Manifest,
  manifestFiles,
  manifests,
  readContainerEnvironment,
  readImageVariables,
  readInstructions,
  readPod,
  readText,
  repository,
  settings,
  titles,
  toSeconds,
  type Variables,
  workloads,
} from './infra-files.js';
import composeSchema from '../fixtures/schemas/compose-spec.json' with { type: 'json' };

describe('the compose file', () => {
  it('is valid by the Compose Specification', () => {
    const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
    ajv.addFormat('duration', /^(\d+(h|m|s|ms))+$/);
    ajv.addFormat('ports', /^([\d.]+:)?(\$\{[A-Z_]+:-\d+\}|\d+):\d+$/);
    const validate = ajv.compile(composeSchema);
    validate(parse(composeText, { merge: true }));
    expect(validate.errors ?? []).toEqual([]);
  });

  it('starts no fleet without keys, and names in env.example what it needs', () => {
    const required = [...composeText.matchAll(interpolation)]
      .filter(([, , mode]) => mode === '?')
      .map(([, name = '']) => name);
    const example = readText('infra/env.example').matchAll(/^([A-Z0-9_]+)=/gm);
    expect([...new Set(required)].sort()).toEqual([...example].map(([, name]) => name).sort());
    for (const name of required) {
      expect(() => expand(composeText, { ...settings, [name]: '' })).toThrow(name);
    }
  });

  it('publishes the port of the API only, on loopback', () => {
    const published = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => [name, expand(port, settings)]),
    );
    expect(published).toEqual([['api', '127.0.0.1:8080:8080']]);
    expect(compose.networks['backend']).toEqual({ internal: true });
    expect(getService('redis').networks).toEqual(['backend']);
    expect(getService('store').networks).toEqual(['backend']);
  });

  it('pins images, and lets our own write to volumes and /tmp only', () => {
    for (const { image, build, healthcheck, read_only, cap_drop } of Object.values(
      compose.services,
    )) {
      if (build === undefined) {
        expect(image).toMatch(/:\d+\.\d+/);
        expect(healthcheck).toBeDefined();
      } else {
        expect({ read_only, cap_drop }).toEqual({ read_only: true, cap_drop: ['ALL'] });
        expect(existsSync(join(repository, 'infra', build.context, build.dockerfile))).toBe(true);
      }
    }
  });

  it('gives both apps an environment that they accept', () => {
    const api = readApiConfig(readContainerEnvironment('api'));
    expect(api).toMatchObject({ host: '0.0.0.0', port: 8080, keysRequired: true });
    expect(api.storageUrl).toBe('s3://stenofleet');
    const worker = readWorkerConfig(readContainerEnvironment('worker'));
    expect(worker).toMatchObject({ host: '0.0.0.0', port: 9090, models: ['*'] });
    expect(getService('worker').volumes).toEqual(
      expect.arrayContaining([worker.workDir, `\${MODELS_DIR:-models}:${worker.modelsDir}`]),
    );
  });

  it('gives a worker longer to end than it takes to drain', () => {
    const { drainMs } = readWorkerConfig(readContainerEnvironment('worker'));
    expect(toSeconds(getService('worker').stop_grace_period)).toBeGreaterThan(drainMs / 1000 + 10);
  });
});

describe('variables', () => {
  const known = new Set<string>([
    ...Object.keys(fleetVariables.shape),
    ...Object.values(otherVariables).flat(),
  ]);

  it.each([
    'infra/compose.yaml',
    'infra/env.example',
    'docs/operations.md',
    'docs/job-api.md',
    ...dockerfiles,
    ...manifestFiles,
  ])('of %s are ones that an app reads', (path) => {
    const named = [...readText(path).matchAll(/\bSTENO_[A-Z0-9_]*[A-Z0-9]\b/g)].map(
      ([name]) => name,
    );
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('redis.conf', () => {
  it('is accepted by a real server, which then loses nothing and asks for a password', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'stenofleet-redis-conf-'));
    const [port = 0] = await freePorts(1);
    const logPath = join(dir, 'redis.log');
    const conf = join(repository, 'infra/redis/redis.conf');
    const server = startProcess(
      // prettier-ignore
      ['redis-server', conf, '--port', `${port}`, '--dir', dir, '--requirepass', 'secret'],
      { logPath },
    );
    const redis = new Redis({ port, password: 'secret', retryStrategy: () => 50 });
    redis.on('error', () => undefined);
    const answers = () =>
      redis.ping().then(
        () => true,
        () => false,
      );
    try {
      await waitForServer('redis-server', answers, { server, logPath, deadlineMs: 20_000 });
      const get = async (name: string) => (await redis.config('GET', name))[1];
      expect(await get('maxmemory-policy')).toBe('noeviction');
      expect(await get('appendonly')).toBe('yes');
      expect(await get('appendfsync')).toBe('everysec');
      expect(await get('save')).toBe('');
      expect(await get('protected-mode')).toBe('yes');
      expect(await checkRedis(redis)).toEqual([]);
    } finally {
      redis.disconnect();
      await server.end();
      await rm(dir, { recursive: true, force: true });
    }
  });
});

describe.each(dockerfiles)('%s', (path) => {
  const instructions = readInstructions(path);
  const root = JSON.parse(readText('package.json')) as { devDependencies: Variables };

  it('copies what is there and not ignored', () => {
    const ignored = readText('.dockerignore').split('\n');
    const sources = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    for (const source of sources) {
      expect(existsSync(join(repository, source)), source).toBe(true);
      expect(ignored.filter((entry) => entry !== '' && source.startsWith(entry))).toEqual([]);
    }
  });

  it('pins its base and the turbo that the lock file has', () => {
    const bases = instructions.filter((line) => /^FROM \S+:/.test(line));
    expect(new Set(bases.map((line) => line.split(' ')[1]))).toEqual(
      new Set(['node:22-bookworm-slim']),
    );
    const turbo = /turbo@([\d.]+)/.exec(instructions.join('\n'))?.[1];
    expect(turbo).toBe(root.devDependencies['turbo']);
  });

  it('runs the app as an ordinary user, with a health check and without a shell', () => {
    const app = basename(path, '.Dockerfile');
    expect(instructions.filter((line) => line.startsWith('USER ')).at(-1)).toBe('USER node');
    expect(instructions.at(-1)).toBe(`CMD ["node", "apps/${app}/dist/main.js"]`);
    expect(instructions.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true);
    expect(existsSync(join(repository, 'apps', app, 'src/main.ts'))).toBe(true);
  });
});

describe('pull-model.js', () => {
  it('resolves the model store from where the image has it', () => {
    const script = join(repository, 'infra/docker/pull-model.js');
    const env = { ...process.env, STENO_DATA_DIR: join(tmpdir(), 'stenofleet-no-models') };
    const answer = execFileSync(process.execPath, [script, 'demo-en'], { env, encoding: 'utf8' });
    expect(JSON.parse(answer)).toMatchObject({ id: 'demo-en', alreadyInstalled: true });
  });
});

describe('the Kubernetes manifests', () => {
  /** Where a kind's types and validator lie in the packages that are generated from its schema. */
  const moduleOf = ({ apiVersion, kind }: Manifest) =>
    apiVersion.startsWith('keda.sh/')
      ? `@kubernetes-models/keda/${apiVersion}/${kind}`
      : `kubernetes-models/${apiVersion}/${kind}`;

  it.each(titles)('$title is valid by its schema', async ({ manifest }) => {
    type Model = new (data: object) => { validate: () => void };
    const models = (await import(moduleOf(manifest))) as Record<string, Model>;
    const Model = models[manifest.kind] ?? expect.fail(`no schema of ${manifest.kind}`);
    new Model(manifest).validate();
  });

  it('have no field that the schemas do not know', () => {
    const file = join(repository, 'test/contract/manifests.generated.ts');
    const lines = manifests.map(
      ({ manifest }, index) =>
        `import { type I${manifest.kind} as T${index} } from '${moduleOf(manifest)}';` +
        `export const m${index}: T${index} = ${JSON.stringify(manifest)};`,
    );
    expect(compile(file, lines.join('\n'))).toEqual([]);
    const wrong = lines.join('\n').replace('"replicas":', '"surplus":1,"replicas":');
    expect(compile(file, wrong)).not.toEqual([]);
  });

  it('are all applied by kustomize, but for those that are applied by hand', () => {
    const { resources, namespace, images } = parse(readText('infra/k8s/kustomization.yaml')) as {
      resources: string[];
      namespace: string;
      images: { name: string; newName: string }[];
    };
    const byHand = ['pull-model.yaml', 'secret.example.yaml'];
    const files = manifestFiles.map((path) => basename(path));
    expect([...resources, ...byHand].sort()).toEqual([...files, '../redis'].sort());
    expect(existsSync(join(repository, 'infra/redis/kustomization.yaml'))).toBe(true);
    for (const { manifest } of manifests) {
      const { kind, metadata } = manifest;
      expect(kind === 'Namespace' ? metadata.name : metadata.namespace).toBe(namespace);
    }
    const known = images.flatMap(({ name, newName }) => [name, newName]);
    for (const { image } of workloads.map((workload) => readPod(workload).containers[0])) {
      const [name = '', tag] = image.split(/:(?=[\w.-]+$)/);
      expect(known.includes(name) || /^\d+\.\d+/.test(tag ?? '')).toBe(true);
    }
  });

  it('refer to what is there', () => {
    const claims = workloads.flatMap((workload) => readPod(workload).volumes ?? []);
    for (const { persistentVolumeClaim: claim } of claims) {
      if (claim) findManifest('PersistentVolumeClaim', claim.claimName);
    }
    for (const { env = [], envFrom = [] } of workloads.map((w) => readPod(w).containers[0])) {
      for (const { configMapRef } of envFrom) findManifest('ConfigMap', configMapRef.name);
      for (const { valueFrom } of env) {
        if (!valueFrom) continue;
        const { name, key } = valueFrom.secretKeyRef;
        expect(Object.keys(findManifest('Secret', name).stringData ?? {})).toContain(key);
      }
    }
    for (const { spec, metadata } of workloads.filter(({ kind }) => kind !== 'Job')) {
      expect(spec?.template?.metadata?.labels).toEqual(spec?.selector?.matchLabels);
      const budget = manifests.find(
        ({ manifest: { kind, metadata: own } }) =>
          kind === 'PodDisruptionBudget' && own.name === metadata.name,
      )?.manifest.spec;
      if (budget) expect(budget).toEqual({ maxUnavailable: 1, selector: spec?.selector });
    }
  });

  it('run nothing as root, and nothing that writes outside its volumes', () => {
    for (const { securityContext, containers } of workloads.map(readPod)) {
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it.each(['api', 'worker'])('give the %s an environment that it accepts', (name) => {
    const pod = readPod(findManifest('Deployment', name));
    const own = (pod.containers[0].env ?? []).map(({ name: key, value }) => [
      key,
      value ?? (key === 'REDIS_URL' ? 'redis://:p@redis:6379' : 'x'.repeat(32)),
    ]);
    const environment = {
      ...readImageVariables(`infra/docker/${name}.Dockerfile`),
      ...findManifest('ConfigMap', 'fleet').data,
      ...(Object.fromEntries(own) as Variables),
    };
    if (name === 'api') {
      expect(readApiConfig(environment).keysRequired).toBe(true);
    } else {
      const { drainMs } = readWorkerConfig(environment);
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(drainMs / 1000 + 10);
    }
  });

  it('scale workers on the audio that the API says is open', () => {
    const { spec } = findManifest('ScaledObject', 'worker');
    findManifest('Deployment', spec?.scaleTargetRef?.name ?? '');
    expect(spec?.triggers?.[0]?.metadata.query).toContain('steno_open_audio_seconds');
  });
});

describe('figures', () => {
  const code = readText('apps/api/src/metrics.ts') + readText('apps/worker/src/metrics.ts');
  const known = new Set([...code.matchAll(/'(steno_[a-z_]+)'/g)].map(([, name]) => name));

  it.each([
    'infra/k8s/worker-scaler.yaml',
    'infra/observability/alerts.yaml',
    'infra/observability/prometheus.yaml',
    'docs/operations.md',
  ])('of %s are ones that an app tells', (path) => {
    const named = [...readText(path).matchAll(/\bsteno_[a-z]+_?[a-z_]*[a-z]\b/g)].map(([name]) =>
      name.replace(/_(count|sum|bucket)$/, ''),
    );
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

/** What the compiler says of a module: an object literal with a field that its type does not have is an error. */
function compile(file: string, text: string): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2023,
  };
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, languageVersion) =>
    name === file
      ? ts.createSourceFile(name, text, languageVersion)
      : readSource(name, languageVersion);
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
