import { AsrError } from '@stenofleet/asr-core';

const CRASH_CODES: readonly string[] = ['INFERENCE_CRASHED', 'INFERENCE_TIMEOUT'];

/** Whether the inference process ended, or had to be ended, under the work. */
export function isCrash(error: unknown): error is AsrError {
  return error instanceof AsrError && CRASH_CODES.includes(error.code);
}

/** The same of what a ticket keeps of its last failure: `CODE: message`. */
export function tellsCrash(failedReason: string | undefined): boolean {
  return CRASH_CODES.includes(failedReason?.split(':')[0] ?? '');
}
