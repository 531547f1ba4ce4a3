import { describe, expect, it } from 'vitest';
import { compareEventIds, isEventId, previousEventId } from './compare-event-ids.js';

describe('ids of events', () => {
  it('are compared as numbers', () => {
    expect(compareEventIds('9-10', '10-2')).toBeLessThan(0);
    expect(compareEventIds('10-10', '10-9')).toBeGreaterThan(0);
    expect(compareEventIds('10-1', '10-1')).toBe(0);
  });

  it.each(['5-3', '5-0', '1-0', '0-1'])('have one before them: %s', (id) => {
    expect(compareEventIds(previousEventId(id), id)).toBeLessThan(0);
  });

  it('have a form', () => {
    expect(['1-0', '1790000000000-12'].every(isEventId)).toBe(true);
    expect(['', '$', '1', '1-', '-1', '1-0; DROP', '+'].some(isEventId)).toBe(false);
  });
});
