import { AsrError } from '../errors.js';
import { type ModelDescription, type ModelFamily, type ModelFiles } from '../recognizer.js';
import {
  type GraphSignature,
  type TensorSignature,
  readGraphSignature,
} from '../runtime/graph-signature.js';
import { describeCohereContract } from './cohere/describe-contract.js';
import { describeGraniteContract } from './granite-nar/describe-contract.js';
import { type FamilyContract, compareGraph } from './graph-contract.js';
import { describeCtcContract } from './nemo-ctc/describe-contract.js';
import { describeTdtContract } from './nemo-tdt/describe-contract.js';
import { requireFile } from './require-file.js';

/** One line for each family. */
const contracts: Record<ModelFamily, FamilyContract> = {
  'nemo-tdt': describeTdtContract,
  'nemo-ctc': describeCtcContract,
  cohere: describeCohereContract,
  'granite-nar': describeGraniteContract,
};

export type GraphReport = {
  file: keyof ModelFiles;
  path: string;
  inputs: readonly TensorSignature[];
  outputs: readonly TensorSignature[];
  /** In which points it is not what the family expects; none for a sound graph. */
  problems: string[];
};

/**
 * Opens each graph of a model and compares what it takes and gives with its family's contract.
 * @throws AsrError `MODEL_FAMILY_UNKNOWN`, `MODEL_FILE_UNREADABLE`, `MODEL_CONTRACT_MISMATCH` where a file is missing
 */
export async function checkGraphs(model: ModelDescription): Promise<GraphReport[]> {
  const known: Partial<Record<string, FamilyContract>> = contracts;
  const family = known[model.family];
  if (!family) {
    throw new AsrError(
      'MODEL_FAMILY_UNKNOWN',
      `${model.id} is of the family "${model.family}"; known are ${Object.keys(contracts).join(', ')}.`,
    );
  }
  const graphs: Partial<Record<keyof ModelFiles, GraphSignature>> = {};
  for (const file of family.graphs) {
    graphs[file] = await readGraphSignature(requireFile(model, file));
  }
  const sizes = new Map<string, number>();
  return family.describe(graphs).flatMap((contract) => {
    const signature = graphs[contract.file];
    if (!signature) return [];
    const problems = compareGraph(contract, { signature, sizes });
    return [
      { file: contract.file, path: requireFile(model, contract.file), ...signature, problems },
    ];
  });
}
