// What a model needs of this machine, before it is opened; pure.

const MB = 2 ** 20;
/** A session with weights inside its graph takes up to this many times the file (feasibility, section 2.3). */
const WEIGHTS_FACTOR = 1.5;
/** The process itself, without lanes. */
const PROCESS_BYTES = 100 * MB;
const MOST_WORKING_BYTES = 400 * MB;

export type ModelSize = { modelBytes: number; laneCount: number };

/** Private memory of an inference process with its lanes open and at work. */
export function planMemoryNeed({ modelBytes, laneCount }: ModelSize): number {
  return PROCESS_BYTES + laneCount * (modelBytes * WEIGHTS_FACTOR + planWorkingBytes(modelBytes));
}

/** Above this, memory has crept up, and the process is replaced between two chunks. */
export function planMaxPrivateBytes({ modelBytes, laneCount }: ModelSize): number {
  return planMemoryNeed({ modelBytes, laneCount }) + laneCount * planWorkingBytes(modelBytes);
}

/** Activations of a long segment: they grow with the model. */
function planWorkingBytes(modelBytes: number): number {
  return Math.min(MOST_WORKING_BYTES, 100 * MB + modelBytes);
}
