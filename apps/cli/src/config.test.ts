import { describe, expect, it } from 'vitest';
import { readConfig } from './config.js';

describe('readConfig', () => {
  it('keeps data in the XDG data folder, or where it usually is', () => {
    expect(readConfig({}, '/home/ann').dataDir).toBe('/home/ann/.local/share/stenofleet');
    expect(readConfig({ XDG_DATA_HOME: '/xdg' }, '/home/ann').dataDir).toBe('/xdg/stenofleet');
    const relative = readConfig({ XDG_DATA_HOME: 'xdg' }, '/home/ann');
    expect(relative.dataDir).toBe('/home/ann/.local/share/stenofleet');
    expect(readConfig({ STENO_DATA_DIR: '/data' }, '/home/ann').dataDir).toBe('/data');
  });

  it('takes a variable that is set to nothing as not set', () => {
    const config = readConfig({ STENO_MODEL: '', STENO_LANES: '', HF_ENDPOINT: '' }, '/home/ann');
    expect(config).toMatchObject({ model: undefined, lanes: undefined, hubUrl: undefined });
  });

  it('reports every problem at once, and what was probably meant', () => {
    const read = () => readConfig({ STENO_DATADIR: '/x', STENO_LANES: 'many' }, '/home/ann');
    expect(read).toThrow(/STENO_DATADIR: .*did you mean STENO_DATA_DIR\?/);
    expect(read).toThrow(/STENO_LANES: must be a whole number from 1 to 256, not "many"/);
    expect(read).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', retryable: false }));
  });

  it('knows what the fleet’s other parts read, and shows no secret', () => {
    const config = readConfig(
      { REDIS_URL: 'redis://r', STENO_API_PORT: '1', STENO_MODELS: '*', STENO_S3_REGION: 'x' },
      '/home/ann',
    );
    expect(config).toMatchObject({ redisUrl: 'redis://r', apiUrl: undefined });
    expect(config.environment).toMatchObject({ STENO_API_PORT: '1' });
    expect(() => readConfig({ REDIS_URL: 'http://user:secret@r' }, '/')).toThrow(
      /^(?!.*secret).*REDIS_URL: must be a redis:/s,
    );
  });

  it('does not mind the variables of others, and cannot be changed', () => {
    const config = readConfig({ STENOGRAPHER: 'yes', PATH: '/bin' }, '/home/ann');
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('colors neither with NO_COLOR nor on a dumb terminal', () => {
    expect(readConfig({ TERM: 'xterm' }, '/').color).toBe(true);
    expect(readConfig({ TERM: 'dumb' }, '/').color).toBe(false);
    expect(readConfig({ NO_COLOR: '1' }, '/').color).toBe(false);
  });
});
