import { AsrError } from '../errors.js';
import { type RecognizerCapabilities } from '../recognizer.js';

/**
 * Refuses a language the model was not trained on: a wrong code gives fluent wrong text, not an error.
 * @throws AsrError `LANGUAGE_UNSUPPORTED`, `LANGUAGE_REQUIRED`
 */
export function checkLanguage(
  capabilities: Pick<RecognizerCapabilities, 'languages' | 'languageRequired'>,
  language: string | undefined,
): void {
  const { languages, languageRequired } = capabilities;
  if (language === undefined) {
    if (!languageRequired) return;
    throw new AsrError(
      'LANGUAGE_REQUIRED',
      `This model must be told the language; it knows ${languages.join(', ')}.`,
    );
  }
  if (!languages.includes(language)) {
    throw new AsrError(
      'LANGUAGE_UNSUPPORTED',
      `This model does not know the language "${language}"; it knows ${languages.join(', ')}.`,
    );
  }
}
