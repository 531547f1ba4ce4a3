import { describe, expect, it } from 'vitest';
import { type ModelDescription, type ModelSwitches } from '../../recognizer.js';
import { parseSwitches } from '../parse-switches.js';
import { graniteSwitches } from './switches.js';

describe('the switches', () => {
  it('are what the exported revision does, unless set', () => {
    expect(parse({})).toEqual({
      draft: 'round-trip',
      collapse: true,
      divideEmbeddings: 'auto',
      wholeBlocks: 'shorten',
    });
    expect(parse({ draft: 'direct', collapse: false })).toMatchObject({
      draft: 'direct',
      collapse: false,
    });
  });

  it.each([{ draft: 'both' }, { collapse: 'yes' }, { prompt: 'nine' }])(
    'refuse %j, naming it',
    (switches) => {
      expect(() => parse(switches)).toThrow(
        expect.objectContaining({
          code: 'MODEL_SWITCH_INVALID',
          message: expect.stringContaining(Object.keys(switches)[0]!) as string,
        }),
      );
    },
  );
});

function parse(switches: ModelSwitches) {
  return parseSwitches(
    { id: 'some-model', switches } as unknown as ModelDescription,
    graniteSwitches,
  );
}
