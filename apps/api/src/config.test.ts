import { describe, expect, it } from 'vitest';
import { readConfig } from './config.js';

describe('readConfig', () => {
  it('listens on loopback without keys by default', () => {
    const config = readConfig({ STENO_DATA_DIR: '/data' });
    expect(config).toMatchObject({ host: '127.0.0.1', port: 8080, keysRequired: false });
    expect(config.storageUrl).toBe('file:///data/storage');
  });

  it('asks for keys elsewhere', () => {
    expect(readConfig({ STENO_API_HOST: '0.0.0.0' }).keysRequired).toBe(true);
    expect(readConfig({ STENO_API_HOST: '::1' }).keysRequired).toBe(false);
    expect(readConfig({ STENO_API_KEYS: 'on' }).keysRequired).toBe(true);
  });

  it('refuses to go without keys where others can reach it', () => {
    expect(() => readConfig({ STENO_API_HOST: '0.0.0.0', STENO_API_KEYS: 'off' })).toThrow(
      /STENO_API_KEYS: off is allowed only/,
    );
  });

  it('names all problems at once, and no secret', () => {
    const environment = {
      STENO_API_PORT: 'x',
      STENO_ADMIN_KEY: 'short-secret',
      STENO_APIHOST: 'a',
    };
    const problem = (() => {
      try {
        return (readConfig(environment), '');
      } catch (error) {
        return String(error);
      }
    })();
    expect(problem).toContain('STENO_API_PORT');
    expect(problem).toContain('STENO_ADMIN_KEY: must have at least 24 characters');
    expect(problem).toContain('STENO_APIHOST: there is no such variable');
    expect(problem).not.toContain('short-secret');
  });

  it('takes the variables of the other apps as they are', () => {
    expect(() => readConfig({ STENO_LANES: '2', STENO_API_URL: 'http://x' })).not.toThrow();
  });

  it('reads quotas, where there are any', () => {
    expect(readConfig({ STENO_QUOTA_JOBS: '5' }).quota).toEqual({ maxOpenJobs: 5 });
    expect(readConfig({}).quota).toEqual({});
  });
});
