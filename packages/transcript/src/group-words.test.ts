import { describe, expect, it } from 'vitest';
import { createTranscriptDocument } from './create-transcript-document.js';
import { sampleInput, speak } from './testing/sample-input.js';

const paragraphsOf = (text: string) =>
  createTranscriptDocument(sampleInput(speak(text))).segments.map((segment) => segment.text);

describe('groupWords', () => {
  it('keeps sentences that follow one another together', () => {
    expect(paragraphsOf('It rained. We stayed at home.')).toHaveLength(1);
  });

  it('begins a paragraph after a sentence end with a pause', () => {
    expect(paragraphsOf('It rained. [0.6] We stayed at home.')).toEqual([
      'It rained.',
      'We stayed at home.',
    ]);
  });

  it('does not cut a sentence at a short pause, but does at a long one', () => {
    expect(paragraphsOf('it rained [1.2] and rained')).toHaveLength(1);
    expect(paragraphsOf('it rained [2.2] and rained')).toHaveLength(2);
  });

  it('ends a long paragraph at the next sentence end', () => {
    const paragraphs = paragraphsOf('These are five plain words. '.repeat(20));
    expect(paragraphs.map((text) => text.split(' ').length)).toEqual([60, 40]);
  });

  it('bounds a paragraph of text that has neither punctuation nor pauses', () => {
    const lengths = paragraphsOf('word '.repeat(400)).map((text) => text.split(' ').length);
    expect(lengths).toEqual([160, 160, 80]);
  });
});
