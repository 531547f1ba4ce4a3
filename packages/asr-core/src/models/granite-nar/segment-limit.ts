// How long a segment may be: as long as the tier allows, its tensors fit into memory, and the editor has positions.
// The arithmetic is that of docs/models/granite.md, "Length and memory".

import { type MachineLimits, planLaneWorkingBytes } from '../../runtime/lane-plan.js';

const DRAFT_FRAMES_PER_SECOND = 12.5;
const AUDIO_ROWS_PER_SECOND = 10;
/** Of ordinary speech: 3.5 tokens a second, each with a slot. */
const SLOTS_PER_SECOND = 7;
/** The runtime keeps its own copy of each output. */
const COPIES = 2;
/** Activations of encoder and editor together: several gigabytes for 40 s are reported, nobody has measured it. */
const ACTIVATION_BYTES_PER_SECOND = 75e6;
const MAX_EDITOR_POSITIONS = 4096;
/** However little memory there is: shorter pieces are not worth recognizing. */
const MIN_SECONDS = 5;

/** Longest segment in whole seconds. */
export function computeMaxSegmentSeconds({
  tierSeconds,
  vocabularySize,
  modelBytes,
  machine,
}: {
  tierSeconds: number;
  vocabularySize: number;
  /** Size of the tier's graphs with their weights. */
  modelBytes: number;
  machine: Pick<MachineLimits, 'cpus' | 'memoryBytes'>;
}): number {
  const editorRows = AUDIO_ROWS_PER_SECOND + SLOTS_PER_SECOND;
  const logitBytes = (DRAFT_FRAMES_PER_SECOND + editorRows) * vocabularySize * 4;
  const byMemory =
    planLaneWorkingBytes({ ...machine, modelBytes }) /
    (COPIES * logitBytes + ACTIVATION_BYTES_PER_SECOND);
  // Every draft frame a token is the worst case: the editor must not run out of positions.
  const byPositions = MAX_EDITOR_POSITIONS / (AUDIO_ROWS_PER_SECOND + 2 * DRAFT_FRAMES_PER_SECOND);
  return Math.max(MIN_SECONDS, Math.floor(Math.min(tierSeconds, byMemory, byPositions)));
}
