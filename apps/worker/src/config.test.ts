import { describe, expect, it } from 'vitest';
import { readConfig } from './config.js';

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(readConfig({ STENO_DATA_DIR: '/data' })).toMatchObject({
      ...{ modelsDir: '/data/models', models: ['*'], lanes: undefined, jobs: undefined },
      ...{ chunkSeconds: 300, drainMs: 25_000, lockMs: 30_000, port: undefined, host: '127.0.0.1' },
    });
  });

  it('reads what is given', () => {
    const config = readConfig({
      ...{ STENO_MODELS: 'demo-en, parakeet:int8', STENO_LANES: '3', STENO_DRAIN_SECONDS: '0' },
      ...{ STENO_MAX_PRIVATE_MB: '100', STENO_WORKER_PORT: '0' },
    });
    expect(config).toMatchObject({ models: ['demo-en', 'parakeet:int8'], lanes: 3, drainMs: 0 });
    expect(config).toMatchObject({ maxPrivateBytes: 100 * 2 ** 20, port: 0 });
  });

  it('names every problem at once, and lets the settings of other apps stand', () => {
    const environment = {
      ...{ STENO_LANES: '0', STENO_CHUNK_SECONDS: '5', STENO_LOCKSECONDS: '3' },
      ...{ STENO_API_PORT: '8080', STENO_MODEL: 'demo-en' },
    };
    expect(() => readConfig(environment)).toThrow(
      /STENO_LOCKSECONDS: [^]*STENO_LANES: [^]*STENO_CHUNK_SECONDS: /,
    );
    expect(() => readConfig(environment)).not.toThrow(/STENO_API_PORT|STENO_MODEL:/);
  });
});
