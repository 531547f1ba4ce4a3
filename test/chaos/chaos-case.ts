import { type Round } from './round.js';

/** What befalls a job in one round. Afterwards at least one worker runs. */
export type ChaosCase = {
  name: string;
  disturb: (round: Round) => Promise<void>;
  /** Scratch objects that may stay for the sweep. @defaultValue 0 */
  leaves?: number;
};
