import { describe, expect, it } from 'vitest';
import { planLaneCount, planLaneWorkingBytes } from './lane-plan.js';

const GIB = 2 ** 30;

describe('the number of lanes', () => {
  it.each([
    ['one for each whole CPU', { cpus: 2, memoryBytes: 24 * GIB, modelBytes: GIB }, 2],
    ['a quota is rounded down', { cpus: 3.5, memoryBytes: 64 * GIB, modelBytes: GIB }, 3],
    ['at least one', { cpus: 0.5, memoryBytes: GIB, modelBytes: 2 * GIB }, 1],
    ['no more than memory holds', { cpus: 96, memoryBytes: 16 * GIB, modelBytes: GIB }, 6],
  ])('is planned: %s', (_, machine, lanes) => {
    expect(planLaneCount(machine)).toBe(lanes);
  });
});

describe('the memory of a lane', () => {
  it("is its share of the machine's, less its weights", () => {
    const machine = { cpus: 2, memoryBytes: 20 * GIB, modelBytes: 2 * GIB };
    expect(planLaneWorkingBytes(machine)).toBe(5 * GIB);
    expect(planLaneWorkingBytes({ ...machine, modelBytes: 100 * GIB })).toBe(0);
  });
});
