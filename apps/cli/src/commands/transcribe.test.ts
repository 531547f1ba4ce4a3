import { type ResolvedModel } from '@stenofleet/model-store';
import { describe, expect, it } from 'vitest';
import { requireUsable } from './transcribe.js';

const model = (languages: string[]) =>
  ({
    manifest: { id: 'mine', family: 'nemo-tdt', languages, languageRequired: false },
  }) as unknown as ResolvedModel;

describe('requireUsable', () => {
  it('takes a language that the model knows', () => {
    expect(() => requireUsable(model(['de', 'en']), 'de')).not.toThrow();
  });

  it('refuses one that it does not know, and says which it knows', () => {
    expect(() => requireUsable(model(['de', 'en']), 'fr')).toThrow('it knows de, en');
  });

  it('says how to tell what an imported model knows', () => {
    expect(() => requireUsable(model(['und']), 'en')).toThrow(
      'import it again with --languages en',
    );
    expect(() => requireUsable(model(['und']), undefined)).not.toThrow();
  });
});
