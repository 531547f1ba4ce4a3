import {
  AsrError,
  type InferenceProcess,
  type InferenceProcessOptions,
  startInferenceProcess,
} from '@stenofleet/asr-core';

/** Starts inference; a large model takes a while to open, and nobody who interrupts should wait for it. */
export async function openInference(
  options: InferenceProcessOptions,
  signal: AbortSignal,
): Promise<InferenceProcess> {
  const starting = startInferenceProcess(options);
  const settled = new AbortController();
  const interrupted = new Promise<never>((_resolve, reject) => {
    const refuse = () => reject(new AsrError('CANCELLED', 'The transcription was cancelled.'));
    signal.addEventListener('abort', refuse, { once: true, signal: settled.signal });
    if (signal.aborted) refuse();
  });
  try {
    return await Promise.race([starting, interrupted]);
  } catch (error) {
    // Should it still open, nobody wants it; a process that cannot wait takes it along when it ends.
    starting.then(
      (inference) => inference.close(),
      () => undefined,
    );
    throw error;
  } finally {
    settled.abort();
  }
}
