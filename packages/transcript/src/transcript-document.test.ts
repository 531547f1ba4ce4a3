import { describe, expect, it } from 'vitest';
import { createTranscriptDocument } from './create-transcript-document.js';
import { sampleInput, speak } from './testing/sample-input.js';
import { parseTranscriptDocument } from './transcript-document.js';
import { TranscriptError } from './transcript-error.js';

const document = createTranscriptDocument(sampleInput(speak('Hello there.')));

function parseError(value: unknown): TranscriptError {
  try {
    parseTranscriptDocument(value);
  } catch (error) {
    if (error instanceof TranscriptError) return error;
  }
  throw new Error('parsed');
}

describe('parseTranscriptDocument', () => {
  it('reads back what was built', () => {
    expect(parseTranscriptDocument(JSON.parse(JSON.stringify(document)))).toEqual(document);
  });

  it('accepts flag codes and fields of newer writers', () => {
    const newer = { ...document, flags: [{ code: 'FROM_2031', message: 'New.' }], later: true };
    expect(parseTranscriptDocument(newer).flags[0]?.code).toBe('FROM_2031');
  });

  it('names every place that is wrong', () => {
    const broken = { ...document, text: 7, recording: { name: 'a', durationSeconds: -1 } };
    const error = parseError(broken);
    expect(error).toMatchObject({ code: 'TRANSCRIPT_UNREADABLE', retryable: false });
    expect(error.message).toContain('at text');
    expect(error.message).toContain('at recording.durationSeconds');
  });

  it.each([[{ ...document, version: 2 }], [{ ...document, schema: 'other' }], [null], ['text']])(
    'refuses what is not a version 1 document (%#)',
    (value) => {
      expect(parseError(value).message).toContain('stenofleet.transcript document of version 1');
    },
  );
});
