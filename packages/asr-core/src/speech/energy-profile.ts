/** Step of the profile, in samples (10 ms). */
export const ENERGY_STEP_SAMPLES = 160;
/** A quiet point is judged by its surroundings: 150 ms. */
const QUIET_WINDOW_STEPS = 15;

/** Loudness of a stretch of audio, for finding where a cut hurts least. */
export interface EnergyProfile {
  /** Middle of the quietest 150 ms within `[from, until]`, both in samples. */
  findQuietest(from: number, until: number): number;
}

/** A profile that grows with the audio and forgets what is no longer needed. */
export interface GrowingEnergyProfile extends EnergyProfile {
  push(samples: Float32Array): void;
  /** Forgets what lies before `samples`. */
  dropBefore(samples: number): void;
}

export function createEnergyProfile(): GrowingEnergyProfile {
  const energies: number[] = [];
  let firstStep = 0;
  let pendingSum = 0;
  let pendingCount = 0;

  return {
    push(samples) {
      for (let at = 0; at < samples.length;) {
        const end = Math.min(samples.length, at + ENERGY_STEP_SAMPLES - pendingCount);
        // In a variable of its own: one that outlives the call is slow.
        let sum = pendingSum;
        for (let i = at; i < end; i++) sum += samples[i]! * samples[i]!;
        pendingSum = sum;
        pendingCount += end - at;
        at = end;
        if (pendingCount < ENERGY_STEP_SAMPLES) break;
        energies.push(pendingSum);
        pendingSum = 0;
        pendingCount = 0;
      }
    },
    dropBefore(samples) {
      const steps = Math.floor(samples / ENERGY_STEP_SAMPLES) - firstStep - QUIET_WINDOW_STEPS;
      if (steps <= 0) return;
      energies.splice(0, steps);
      firstStep += steps;
    },
    findQuietest(from, until) {
      const half = Math.floor(QUIET_WINDOW_STEPS / 2);
      let best = until;
      let bestEnergy = Infinity;
      const lastStep = Math.floor(until / ENERGY_STEP_SAMPLES);
      for (let step = Math.ceil(from / ENERGY_STEP_SAMPLES); step <= lastStep; step++) {
        let energy = 0;
        for (let near = step - half; near <= step + half; near++) {
          energy += energies[near - firstStep] ?? 0;
        }
        if (energy < bestEnergy) {
          bestEnergy = energy;
          best = step * ENERGY_STEP_SAMPLES;
        }
      }
      return best;
    },
  };
}
