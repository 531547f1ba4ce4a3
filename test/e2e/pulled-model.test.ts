// From the hub to words: a model is pulled over an unsteady line and transcribes. The demo model's files stand in for
// Parakeet's: same layout, same tensors, other sizes.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examplePath } from '../fixtures/example-audio.js';
import { readTranscript, runSteno } from '../fixtures/run-steno.js';
import { type HubStub, startHubStub } from '../servers/hub-stub.js';

const model = 'parakeet-tdt-0.6b-v3-smoothquant';
const repository = 'Olicorne/parakeet-tdt-0.6b-v3-smoothquant-onnx';
const commit = '2748538802098c611cf00e7c9a959a1515f695f7';

let home: string;
let hub: HubStub;

const steno = (...commandArguments: string[]) =>
  runSteno(commandArguments, { home, env: { HF_ENDPOINT: hub.url } });

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'steno-pulled-'));
  const demo = (name: string) =>
    readFile(new URL(`../../packages/model-store/demo-en/${name}`, import.meta.url));
  hub = await startHubStub({
    [repository]: {
      commit,
      files: {
        'encoder-model.int8.onnx': await demo('encoder-model.int8.onnx'),
        'decoder_joint-model.onnx': await demo('decoder_joint-model.int8.onnx'),
        'vocab.txt': await demo('vocab.txt'),
        'config.json': await demo('config.json'),
        'nemo128.onnx': Buffer.alloc(2_000),
      },
    },
  });
});

afterEach(async () => {
  await hub.close();
  await rm(home, { recursive: true, force: true });
});

describe('a model from the hub', () => {
  it('is pulled although the line drops, is listed and verified, and transcribes', async () => {
    const sent = Promise.resolve();
    hub.faults.set('encoder-model.int8.onnx', [{ kind: 'drop', afterBytes: 900_000, when: sent }]);
    const pulled = await steno('models', 'pull', model, '--tier', 'int8');
    expect(pulled).toMatchObject({ exitCode: 0 });
    expect((await steno('models', 'verify', model)).exitCode).toBe(0);
    expect((await steno('models', 'list')).stdout).toContain(model);

    const recording = examplePath('film.mp4');
    const run = await steno('transcribe', recording, '--model', model, '--out', home);
    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.stderr).not.toContain('trying the system');
    const document = await readTranscript(join(home, 'film.json'));
    expect(document.text).toContain('the children are very happy');
    expect(document.provenance.model).toMatchObject({
      id: model,
      tier: 'int8',
      demo: false,
      sourceRepository: repository,
      sourceRevision: commit,
    });
    expect(document.provenance.model.files.map(({ sha256 }) => sha256.length)).not.toContain(0);
  });

  it('names the cause and the remedy when it is gone, or when it is not installed', async () => {
    const unpulled = await steno('transcribe', examplePath('film.mp4'), '--model', model);
    expect(unpulled.exitCode).toBe(2);
    expect(unpulled.stderr).toMatch(/^MODEL_NOT_INSTALLED: .*steno models pull/m);
    const unknown = await steno('models', 'pull', 'parakeet-tdt-0.6b-v3-optimized');
    expect(unknown.exitCode).toBe(1);
    expect(unknown.stderr).toMatch(/^MODEL_SOURCE_NOT_FOUND: /m);
  });
});
