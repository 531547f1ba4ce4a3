import { type ResolvedModel } from '@stenofleet/model-store';
import { describe, expect, it } from 'vitest';
import { chooseLanguage } from './transcribe.js';

const model = (languages: string[]) =>
  ({
    manifest: { id: 'mine', family: 'nemo-tdt', languages, languageRequired: false },
  }) as unknown as ResolvedModel;

describe('chooseLanguage', () => {
  it('takes a language that the model knows', () => {
    expect(chooseLanguage(model(['de', 'en']), 'de')).toBe('de');
    expect(chooseLanguage(model(['de', 'en']), undefined)).toBeUndefined();
  });

  it('takes a variety of one that it knows, and a variety that it knows as such', () => {
    expect(chooseLanguage(model(['de', 'en']), 'en-US')).toBe('en');
    expect(chooseLanguage(model(['pt', 'pt-BR']), 'pt-BR')).toBe('pt-BR');
    expect(() => chooseLanguage(model(['pt-BR']), 'pt-PT')).toThrow('it knows pt-BR');
  });

  it('refuses one that it does not know, and says which it knows', () => {
    expect(() => chooseLanguage(model(['de', 'en']), 'fr')).toThrow('it knows de, en');
  });

  it('says how to tell what an imported model knows', () => {
    expect(() => chooseLanguage(model(['und']), 'en')).toThrow(
      'import it again with --languages en',
    );
    expect(chooseLanguage(model(['und']), undefined)).toBeUndefined();
  });
});
