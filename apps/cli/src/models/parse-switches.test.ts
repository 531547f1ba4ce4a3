import { describe, expect, it } from 'vitest';
import { addSwitch } from './parse-switches.js';

describe('a switch on the command line', () => {
  it('is a number, a yes or no, a word, or nothing at all', () => {
    expect(addSwitch('eosBias=-4.5')).toEqual({ eosBias: -4.5 });
    expect(addSwitch('collapse=false')).toEqual({ collapse: false });
    expect(addSwitch('draft=round-trip')).toEqual({ draft: 'round-trip' });
    expect(addSwitch('eosBias=')).toEqual({ eosBias: undefined });
  });

  it('is added to those before it', () => {
    expect(addSwitch('b=2', addSwitch('a=1'))).toEqual({ a: 1, b: 2 });
  });

  it.each(['eosBias', '=4', 'eos bias=4'])('is refused as %s', (text) => {
    expect(() => addSwitch(text)).toThrow(/name=value/);
  });
});
