import { cohereLayout } from './cohere.js';
import { type FamilyLayout } from './family-layout.js';
import { graniteNarLayout } from './granite-nar.js';
import { nemoCtcLayout } from './nemo-ctc.js';
import { nemoTdtLayout } from './nemo-tdt.js';

/** One line for each family. */
export const familyLayouts: readonly FamilyLayout[] = [
  nemoTdtLayout,
  nemoCtcLayout,
  cohereLayout,
  graniteNarLayout,
];

/** @returns undefined for a family that this version does not know */
export function findFamilyLayout(family: string): FamilyLayout | undefined {
  return familyLayouts.find((candidate) => candidate.family === family);
}
