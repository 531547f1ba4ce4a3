import { computeArgmax } from '../../tokens/argmax.js';
import { type Token } from '../../transcript.js';
import { type LogProbabilities } from './encode.js';

/**
 * Greedy CTC: best class by frame, equal neighbours collapsed (a blank between two equal classes keeps both), blanks
 * dropped. A token covers its run of frames; its probability is the mean over the run.
 */
export function decodeTokens(logProbabilities: LogProbabilities, blankId: number): Token[] {
  const { data, numFrames, numClasses } = logProbabilities;
  const tokens: Token[] = [];
  let runStart = 0;
  let runId = blankId;
  let runProbability = 0;

  const closeRun = (endFrame: number) => {
    if (runId === blankId) return;
    tokens.push({
      tokenId: runId,
      startFrame: runStart,
      endFrame,
      logProbability: Math.log(runProbability / (endFrame - runStart)),
    });
  };
  for (let frame = 0; frame < numFrames; frame++) {
    const row = frame * numClasses;
    const tokenId = computeArgmax(data, row, numClasses);
    if (tokenId !== runId) {
      closeRun(frame);
      runStart = frame;
      runId = tokenId;
      runProbability = 0;
    }
    if (tokenId !== blankId) runProbability += Math.exp(data[row + tokenId]!);
  }
  closeRun(numFrames);
  return tokens;
}
