// `steno models check` as a user runs it, and models whose real weights nobody has here: what is said without them, and
// that stand-ins of the same contract go all the way to subtitles.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { examplePath } from '../fixtures/example-audio.js';
import { hasReference, referencePath } from '../fixtures/reference.js';
import { readTranscript, type RunningFleet, runSteno, startFleet } from '../fixtures/run-steno.js';

const demoFolder = fileURLToPath(new URL('../../packages/model-store/demo-en', import.meta.url));
const cohere = 'cohere-transcribe-03-2026';
const granite = 'granite-speech-4.1-2b-nar';
const film = examplePath('film.mp4');

type Report = {
  graphs: { file: string; inputs: { name: string; type: string }[]; problems: string[] }[];
  opened?: { loadMs: number; passes: { audio: string; text: string; computeMs: number }[] };
  comparison?: { wordErrorRate: number; words: number };
};

let home: string;
const steno = (...commandArguments: string[]) => runSteno(commandArguments, { home });
const readReport = (stdout: string) => JSON.parse(stdout) as Report;

async function createHome(): Promise<void> {
  home = await mkdtemp(join(tmpdir(), 'steno-check-'));
}
const removeHome = () => rm(home, { recursive: true, force: true });

/** The demo model in a folder of its own, to be changed. */
async function copyDemo(name: string): Promise<string> {
  const folder = join(home, name);
  await cp(demoFolder, folder, { recursive: true });
  await rm(join(folder, 'model.json'));
  return folder;
}

describe('checking a model', () => {
  beforeEach(createHome);
  afterEach(removeHome);

  it('shows its tensors, how long it took to open, and what it heard', async () => {
    const check = await steno('models', 'check', 'demo-en');
    expect(check).toMatchObject({ exitCode: 0, stderr: '' });
    expect(check.stdout).toMatch(/✓ encoder\n {4}in {3}audio_signal +float32 +\[\w+, 128, \w+\]/);
    expect(check.stdout).toMatch(/in +targets +int32/);
    expect(check.stdout).toMatch(/^Opened in +\d+\.\d s$/m);
    expect(check.stdout).toMatch(/^Memory +\d+/m);
    expect(check.stdout).toMatch(/^1 s of speech +"good morning.*\(.*×\)/m);
    expect(check.stdout).toMatch(/^1 s of silence /m);
  });

  it('says the same to programs', async () => {
    const { stdout } = await steno('models', 'check', 'demo-en', '--json');
    const report = readReport(stdout);
    expect(report.graphs.map(({ file, problems }) => [file, problems])).toEqual([
      ['encoder', []],
      ['decoderJoint', []],
    ]);
    expect(report.opened?.passes.map(({ audio }) => audio)).toEqual(['speech', 'silence']);
    expect(report.opened?.loadMs).toBeGreaterThan(0);
  });

  it('names every tensor that is not as its family wants it, and opens no such model', async () => {
    const folder = await copyDemo('mixed-up');
    await cp(
      join(folder, 'encoder-model.int8.onnx'),
      join(folder, 'decoder_joint-model.int8.onnx'),
    );
    await steno('models', 'import', folder, '--languages', 'en');
    const check = await steno('models', 'check', 'mixed-up');
    expect(check.exitCode).toBe(1);
    expect(check.stdout).toMatch(/✗ decoderJoint/);
    expect(check.stdout).toContain('targets is missing');
    expect(check.stdout).toContain('input audio_signal is one that this family does not feed');
    expect(check.stdout).not.toContain('Opened in');
  });

  it('keeps a switch that is set, and refuses what is none', async () => {
    const folder = await copyDemo('mine');
    await steno('models', 'import', folder, '--languages', 'en');
    expect((await steno('models', 'set', 'mine', 'eosBias=4')).exitCode).toBe(0);
    const manifest = await readFile(join(home, 'data/models/mine/model.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ tiers: { int8: { switches: { eosBias: 4 } } } });
    const misspelt = await steno('models', 'set', 'mine', 'eosBias');
    expect(misspelt.stderr).toContain('name=value');
  });
});

describe('a tier that differs from another', () => {
  beforeEach(async () => {
    await createHome();
    const folder = await copyDemo('two-tiers');
    const [encoder, decoder] = ['encoder-model', 'decoder_joint-model'];
    const vocabulary = await readFile(join(folder, 'vocab.txt'), 'utf8');
    const pieces = vocabulary.trimEnd().split('\n');
    const rotated = pieces.map((line, id) => {
      const isBlank = line.startsWith('<blk>');
      const other = pieces[(id + 100) % (pieces.length - 1)] ?? '';
      return isBlank ? line : `${other.slice(0, other.lastIndexOf(' '))} ${String(id)}`;
    });
    await writeFile(join(folder, 'rotated.txt'), `${rotated.join('\n')}\n`);
    const describeTier = (text: string) => ({
      maxSegmentSeconds: 20,
      files: [
        { role: 'encoder', path: `${encoder}.int8.onnx` },
        { role: 'decoder-joint', path: `${decoder}.int8.onnx` },
        { role: 'vocabulary', path: text },
        { role: 'config', path: 'config.json' },
      ],
    });
    const manifest = JSON.parse(await readFile(join(demoFolder, 'model.json'), 'utf8')) as object;
    const parity = { reference: 'good', maxWordErrorRate: 0.05 };
    const tiers = {
      good: describeTier('vocab.txt'),
      same: { ...describeTier('vocab.txt'), parity },
      bad: { ...describeTier('rotated.txt'), parity },
    };
    const described = { ...manifest, id: 'two-tiers', defaultTier: 'bad', demo: false, tiers };
    await writeFile(join(folder, 'model.json'), JSON.stringify(described));
    expect(await steno('models', 'import', folder)).toMatchObject({ exitCode: 0 });
  });
  afterEach(removeHome);

  const check = (...options: string[]) => steno('models', 'check', 'two-tiers', ...options);
  const transcribe = (...options: string[]) =>
    steno('transcribe', film, '--model', 'two-tiers', '--out', join(home, 'out'), ...options);

  it('by nothing is accepted', async () => {
    const checked = await check('--tier', 'same', '--against', 'good', '--json');
    expect(checked.exitCode).toBe(0);
    expect(readReport(checked.stdout).comparison).toMatchObject({ wordErrorRate: 0 });
    expect(await transcribe('--tier', 'same')).toMatchObject({ exitCode: 0 });
  });

  it('too much is refused from then on, unless somebody insists', async () => {
    const checked = await check('--tier', 'bad', '--against', 'good');
    expect(checked.exitCode).toBe(1);
    expect(checked.stderr).toContain('more than 5.0 % of the words');
    expect(checked.stdout).toMatch(/Differs from good in +\d+\.\d % of \d+ words, 5\.0 % allowed/);

    const refused = await transcribe('--tier', 'bad');
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toMatch(/^MODEL_PARITY_FAILED: .*--force/m);
    expect((await steno('models', 'list')).stdout).toContain('refused by a check');
    const usual = await transcribe('--formats', 'json');
    expect(usual.exitCode).toBe(0);
    const { provenance } = await readTranscript(join(home, 'out/film.json'));
    expect(provenance.model.tier).toBe('good');

    const forced = await check('--tier', 'bad', '--against', 'good', '--force');
    expect(forced).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await transcribe('--tier', 'bad', '--force')).toMatchObject({ exitCode: 0 });
  });
});

describe('a model without its weights', () => {
  beforeEach(createHome);
  afterEach(removeHome);

  it.each([
    [cohere, 'int8', `run \`steno models pull ${cohere} --tier int8\``],
    [granite, 'fp16w', `run \`steno models pull ${granite} --tier fp16w\``],
    ['nemo-conformer-ctc-small-en', 'int8', 'steno models import <folder>'],
  ])('%s says what to do in one sentence', async (model, tier, remedy) => {
    const run = await steno('transcribe', film, '--model', model, '--tier', tier);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^MODEL_NOT_INSTALLED: [^\n]+\.\n$/);
    expect(run.stderr).toContain(remedy);
  });

  it('shows each of its tiers in a table, with limits, memory and where its figures are from', async () => {
    const { stdout } = await steno('models', 'info', granite);
    expect(stdout).toMatch(/^TIER +STATE +SIZE +SEGMENTS +MEMORY +CPU +BETTER +MAY DIFFER/m);
    expect(stdout).toMatch(
      /^int8 +to be pulled +30 s +4\.8 GB +avx512_vnni +fp16w +3 % from fp32$/m,
    );
    expect(stdout).toContain('0.72 %  normalised WER');
    expect(stdout).toContain('(model card of smcleod/ibm-granite-speech-4.1-2b-nar-onnx)');
  });
});

const standIns = [
  { reference: 'cohere-tiny', model: cohere, tier: 'int8', only: ['--tier', 'int8'] },
  { reference: 'cohere-mel-tiny', model: cohere, tier: 'fp32', only: ['--tier', 'fp32'] },
  { reference: 'granite-tiny', model: granite, tier: 'fp32', only: [] },
];
const lacksReference = standIns.some(({ reference }) => !hasReference(reference));

describe.skipIf(lacksReference)(
  'stand-ins of the same contract (skipped without ../shared/data/reference)',
  () => {
    let fleet: RunningFleet;

    beforeAll(async () => {
      await createHome();
      for (const { reference, model, only } of standIns) {
        const folder = referencePath(reference);
        const imported = await steno(
          ...['models', 'import', folder, '--id', model, '--other-weights', ...only],
        );
        expect(imported).toMatchObject({ exitCode: 0 });
      }
      await cp(film, join(home, 'film.mp4'));
      const served = standIns.map(({ model, tier }) => `${model}:${tier}`).join(',');
      fleet = await startFleet(['--models', served], { home });
    });
    afterAll(async () => {
      await fleet.end();
      await removeHome();
    });

    it('are not taken for the published weights, and are listed as others', async () => {
      const folder = referencePath('cohere-tiny');
      const imported = await steno('models', 'import', folder, '--id', cohere, '--tier', 'int8');
      expect(imported.exitCode).toBe(1);
      expect(imported.stderr).toMatch(/^MODEL_FILE_CORRUPT: .*--other-weights/m);
      expect((await steno('models', 'list')).stdout).toMatch(
        new RegExp(`^${cohere} +int8 \\* .* other weights`, 'm'),
      );
    });

    it.each(standIns)('$reference has the graphs of its family', async ({ model, tier }) => {
      const checked = await steno('models', 'check', model, '--tier', tier, '--json');
      expect(checked).toMatchObject({ exitCode: 0 });
      const { graphs, opened } = readReport(checked.stdout);
      expect(graphs.flatMap(({ problems }) => problems)).toEqual([]);
      expect(graphs.length).toBeGreaterThanOrEqual(2);
      expect(opened?.passes).toHaveLength(2);
    });

    it('compare a switch with what is installed, and refuse one that their family lacks', async () => {
      const check = (...options: string[]) =>
        steno('models', 'check', cohere, '--tier', 'int8', ...options);
      const compared = await check('--switch', 'promptTokens=9', '--against', 'int8', '--json');
      expect(compared.exitCode).toBe(0);
      expect(readReport(compared.stdout).comparison?.wordErrorRate).toBeGreaterThan(0);
      const refused = await check('--switch', 'promptToken=9');
      expect(refused.exitCode).not.toBe(0);
      expect(refused.stderr).toMatch(/^MODEL_SWITCH_INVALID: /m);
    });

    it.each(standIns)(
      '$reference goes to subtitles, alone and with a fleet',
      async ({ model, tier }) => {
        const wanted = ['--model', model, '--tier', tier, '--language', 'en', '--formats', 'srt'];
        const alone = join(home, `alone-${model}-${tier}`);
        const run = await steno('transcribe', 'film.mp4', ...wanted, '--out', alone);
        expect(run).toMatchObject({ exitCode: 0 });
        const subtitles = await readFile(join(alone, 'film.srt'), 'utf8');
        expect(subtitles).toMatch(/^1\n\d\d:\d\d:\d\d,\d{3} --> /);

        const together = join(home, `fleet-${model}-${tier}`);
        const submitted = await steno('submit', 'film.mp4', ...wanted, '--wait', '--out', together);
        expect(submitted).toMatchObject({ exitCode: 0 });
        expect(await readFile(join(together, 'film.srt'), 'utf8')).toBe(subtitles);
      },
    );
  },
);
