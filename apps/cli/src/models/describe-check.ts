import { type GraphReport } from '@stenofleet/asr-core';
import { formatBytes, formatSpeed, shorten, toPrintable } from '../terminal/format-quantities.js';
import { type Style } from '../terminal/style.js';
import { formatTable } from '../terminal/table.js';
import { type CheckReport, type Comparison } from './check-model.js';

const MAX_TEXT_LENGTH = 100;

/** What was found, as lines for a terminal. */
export function describeCheck(report: CheckReport, style: Style): string[] {
  const { model, tier, family, switches, otherWeights, missingCpuFeatures, opened } = report;
  const set = Object.entries(switches).map(([name, value]) => `${name}=${value}`);
  return [
    `${style.strong(`${model} ${tier}`)}  ${style.quiet([family, ...set].join(', '))}`,
    ...(otherWeights ? [style.warning('  Not the published weights.')] : []),
    ...(missingCpuFeatures.length > 0
      ? [style.warning(`  This CPU lacks ${missingCpuFeatures.join(', ')}: expect it to be slow.`)]
      : []),
    ...report.graphs.flatMap((graph) => describeGraph(graph, style)),
    ...(opened ? ['', ...describeOpened(opened)] : []),
    ...(report.comparison ? ['', ...describeComparison(report.comparison)] : []),
  ];
}

export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function describeGraph({ file, inputs, outputs, problems }: GraphReport, style: Style): string[] {
  const mark = problems.length > 0 ? style.bad('✗') : style.good('✓');
  const rows = [
    ...inputs.map((tensor) => ({ direction: 'in', ...tensor })),
    ...outputs.map((tensor) => ({ direction: 'out', ...tensor })),
  ].map(({ direction, name, type, shape }) => [
    `    ${style.quiet(direction)}`,
    toPrintable(name),
    type,
    style.quiet(toPrintable(`[${shape.join(', ')}]`)),
  ]);
  return [
    '',
    `${mark} ${file}`,
    ...formatTable(rows),
    ...problems.map((problem) => `    ${style.bad(toPrintable(problem))}`),
  ];
}

function describeOpened({ loadMs, memoryBytes, passes }: NonNullable<CheckReport['opened']>) {
  const memory = memoryBytes === undefined ? 'unknown' : formatBytes(memoryBytes);
  return formatTable([
    ['Opened in', `${(loadMs / 1000).toFixed(1)} s`],
    ['Memory', memory],
    ...passes.map(({ audio, seconds, text, computeMs, remarks }) => [
      `${seconds.toFixed(0)} s of ${audio}`,
      [
        text === '' ? 'no words' : `"${shorten(toPrintable(text), MAX_TEXT_LENGTH)}"`,
        `${Math.round(computeMs)} ms (${formatSpeed(seconds, computeMs / 1000)})`,
        ...remarks.map(({ kind }) => kind),
      ].join(', '),
    ]),
  ]);
}

function describeComparison(comparison: Comparison): string[] {
  const { against, words, wordErrorRate, trueErrorRate, maxWordErrorRate } = comparison;
  const budget =
    maxWordErrorRate === undefined
      ? 'the manifest sets no limit'
      : `${formatShare(maxWordErrorRate)} allowed`;
  return formatTable([
    [`Differs from ${against} in`, `${formatShare(wordErrorRate)} of ${words} words, ${budget}`],
    [
      'Wrong words, this tier',
      `${formatShare(trueErrorRate.tier)} (${against}: ${formatShare(trueErrorRate.against)})`,
    ],
  ]);
}
