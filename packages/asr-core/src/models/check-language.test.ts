import { describe, expect, it } from 'vitest';
import { checkLanguage } from './check-language.js';

describe('the language', () => {
  it('may be left out where the model hears it itself', () => {
    expect(() =>
      checkLanguage({ languages: ['en'], languageRequired: false }, undefined),
    ).not.toThrow();
  });

  it.each([
    ['missing where it is required', true, undefined, 'LANGUAGE_REQUIRED'],
    ['one the model was not trained on', false, 'ja', 'LANGUAGE_UNSUPPORTED'],
  ])('is refused when %s', (_, languageRequired, language, code) => {
    expect(() => checkLanguage({ languages: ['en', 'de'], languageRequired }, language)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
