// NeMo CTC exports: one graph, `model.onnx`, that goes from features to log-probabilities.

import { type FamilyLayout } from './family-layout.js';
import { findCommonFiles, findNemoGraph, type Precision } from './nemo-files.js';

const precisions: readonly Precision[] = ['int8', 'fp32', 'fp16'];

export const nemoCtcLayout: FamilyLayout = {
  family: 'nemo-ctc',
  modelTypes: ['nemo-conformer-ctc'],
  tiers: precisions,
  requiredRoles: [['encoder'], ['vocabulary']],
  traits: {},
  resolveTier(paths, tier) {
    const precision = precisions.find((candidate) => candidate === tier);
    if (!precision) return undefined;
    const graph = findNemoGraph(paths, { name: 'model', precision, role: 'encoder' });
    const common = findCommonFiles(paths, precision);
    return graph && common && [...graph, ...common];
  },
};
