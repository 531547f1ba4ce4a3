import { SAMPLE_RATE_HZ } from '@stenofleet/asr-core';
import { demoModel, resolveModel } from '@stenofleet/model-store';
import { describeError, isCancellation } from '../describe-error.js';
import { readOnnxRuntimeVersion } from '../read-versions.js';
import { openInference } from '../transcribe/open-inference.js';
import { type Check } from './check.js';

/** Opens the demo model in a process of its own and lets it hear one second. */
export async function checkInference(root: string, signal: AbortSignal): Promise<Check> {
  const what = 'inference';
  try {
    const { description } = await resolveModel(demoModel.id, { root });
    const startedMs = performance.now();
    const inference = await openInference({ model: description, laneCount: 1 }, signal);
    const openedMs = performance.now();
    try {
      await inference.recognize({ samples: createTone(), signal });
    } finally {
      await inference.close();
    }
    const [openMs, runMs] = [openedMs - startedMs, performance.now() - openedMs].map(Math.round);
    const runtime = `onnxruntime ${readOnnxRuntimeVersion()}`;
    const value = `${runtime}, demo model opened in ${openMs} ms, heard 1 s in ${runMs} ms`;
    return { state: 'ok', what, value };
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { code, message } = describeError(error);
    const advice =
      'Install again with "npm ci" on this machine: onnxruntime-node is built for one system and CPU type.';
    return { state: 'bad', what, value: `${code}: ${message}`, advice };
  }
}

/** One second at 220 Hz. */
function createTone(): Float32Array {
  const step = (2 * Math.PI * 220) / SAMPLE_RATE_HZ;
  return Float32Array.from({ length: SAMPLE_RATE_HZ }, (_, at) => 0.1 * Math.sin(step * at));
}
