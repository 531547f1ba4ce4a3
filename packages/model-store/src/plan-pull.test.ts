import { describe, expect, it } from 'vitest';
import { planPull } from './plan-pull.js';

const commit = 'c'.repeat(40);
const source = { repository: 'owner/name', revision: commit };
const [pinned, other] = ['a'.repeat(64), 'b'.repeat(64)];
const encoder = { role: 'encoder', path: 'model.onnx' } as const;

function plan(file: { bytes?: number; sha256?: string } | undefined, offered: object | undefined) {
  const files = offered ? [{ path: 'model.onnx', bytes: 5, ...offered }] : [];
  const tier = { maxSegmentSeconds: 20, ...(file && { files: [{ ...encoder, ...file }] }) };
  const request = { family: 'nemo-ctc', name: 'fp32', tier, source };
  return planPull({ commit, files }, request);
}

describe('what a pull expects of a file', () => {
  it('is the hub’s word where nothing is pinned', () => {
    expect(plan({}, { sha256: other })).toEqual([
      {
        role: 'encoder',
        remotePath: 'model.onnx',
        path: `${commit}/model.onnx`,
        expected: { bytes: 5, sha256: other },
      },
    ]);
  });

  it('is the pin for a small file, of which the hub knows git’s id only', () => {
    const [planned] = plan({ bytes: 5, sha256: pinned }, { gitOid: 'f' });
    expect(planned?.expected).toEqual({ bytes: 5, sha256: pinned, gitOid: 'f' });
  });

  it.each([
    ['size', { bytes: 6, sha256: pinned }],
    ['sha-256', { bytes: 5, sha256: other }],
  ])('is refused when the hub’s %s is another than the pin', (what, file) => {
    expect(() => plan(file, { sha256: pinned })).toThrow(`its ${what} differs`);
  });

  it('is refused when the repository lacks the file, or the whole layout', () => {
    expect(() => plan({}, undefined)).toThrow(/has no model.onnx/);
    expect(() => plan(undefined, {})).toThrow(/tier fp32 in a layout/);
  });
});
