import { describe, expect, it } from 'vitest';
import { fleetVariables, otherVariables, resolveStorageUrl } from './fleet-variables.js';
import { parseEnv } from './parse-env.js';

describe('parseEnv', () => {
  it('fills in defaults and takes an empty variable as not set', () => {
    const variables = parseEnv({ STENO_LOG_LEVEL: '', HOME: '/root' }, fleetVariables);
    expect(variables).toMatchObject({
      REDIS_URL: 'redis://127.0.0.1:6379',
      STENO_LOG_LEVEL: 'info',
      STENO_OUTPUT_PREFIXES: [],
    });
  });

  it('names every problem at once, without the values of secrets', () => {
    const environment = {
      STENO_STORRAGE: 's3://b',
      STENO_STORAGE: 'ftp://b',
      REDIS_URL: 'http://user:secret@host',
      STENO_JOB_RETENTION_DAYS: '-1',
    };
    const read = () => parseEnv(environment, fleetVariables);
    expect(read).toThrow(/STENO_STORRAGE[^]*REDIS_URL[^]*STENO_STORAGE[^]*RETENTION_DAYS/);
    expect(read).not.toThrow(/secret/);
  });

  it('accepts the variables of the other apps in a shared environment', () => {
    const environment = { STENO_MODELS: '*' };
    expect(() => parseEnv(environment, fleetVariables)).toThrow(/STENO_MODELS/);
    parseEnv(environment, fleetVariables, { others: otherVariables.worker });
  });
});

describe('resolveStorageUrl', () => {
  it('lies in the data folder where nothing else is said', () => {
    const given = parseEnv({ STENO_DATA_DIR: '/var/lib/steno data' }, fleetVariables);
    expect(resolveStorageUrl(given)).toBe('file:///var/lib/steno%20data/storage');
    const s3 = parseEnv({ STENO_STORAGE: 's3://bucket/steno/' }, fleetVariables);
    expect(resolveStorageUrl(s3)).toBe('s3://bucket/steno');
  });
});
