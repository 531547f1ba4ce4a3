import { dirname, join } from 'node:path';
import sherpa from 'sherpa-onnx-node';
import { type NemoDescription } from '../measure/models.js';
import { type Contestant } from './contestant.js';

const SAMPLE_RATE_HZ = 16_000;

/** How sherpa-onnx spends its threads: several on one stretch after another, or one on each of several stretches. */
export type SherpaThreads = { perStretch: number; stretchesAtOnce: number };

export const sherpaVersions = `sherpa-onnx-node ${sherpa.version} (onnxruntime ${sherpa.onnxruntimeVersion})`;

/** sherpa-onnx-node on the same weights; the transducer's head lies split in `sherpa/` beside its encoder. */
export function createSherpa(
  { family, files, frontEnd }: NemoDescription,
  { perStretch, stretchesAtOnce }: SherpaThreads,
): Contestant {
  const head = (file: string) => join(dirname(files.encoder), 'sherpa', file);
  const graphs =
    family === 'nemo-ctc'
      ? { nemoCtc: { model: files.encoder } }
      : {
          modelType: 'nemo_transducer',
          transducer: {
            encoder: files.encoder,
            decoder: head('decoder.onnx'),
            joiner: head('joiner.onnx'),
          },
        };
  const recognizer = new sherpa.OfflineRecognizer({
    featConfig: { sampleRate: SAMPLE_RATE_HZ, featureDim: frontEnd.numMels },
    modelConfig: {
      ...graphs,
      tokens: files.vocabulary,
      numThreads: perStretch,
      provider: 'cpu',
      debug: 0,
    },
  });
  const recognize = async (samples: Float32Array): Promise<string> => {
    const stream = recognizer.createStream();
    stream.acceptWaveform({ samples, sampleRate: SAMPLE_RATE_HZ });
    if (stretchesAtOnce > 1) return (await recognizer.decodeAsync(stream)).text;
    recognizer.decode(stream);
    return recognizer.getResult(stream).text;
  };
  const threads = `${perStretch} ${perStretch === 1 ? 'thread' : 'threads'}`;
  return {
    name:
      stretchesAtOnce > 1
        ? `sherpa-onnx, ${stretchesAtOnce} × ${threads}`
        : `sherpa-onnx, ${threads}`,
    role: stretchesAtOnce > 1 ? 'concurrent-calls' : 'thread-setting',
    cores: perStretch * stretchesAtOnce,
    async recognizeAll(stretches) {
      // Longest first here too, so that no thread is left with a long one at the end.
      const waiting = [...stretches].sort((a, b) => b.length - a.length).values();
      const texts: string[] = [];
      const work = async () => {
        for (const samples of waiting) texts.push(await recognize(samples));
      };
      await Promise.all(Array.from({ length: stretchesAtOnce }, work));
      return { words: texts.join(' ').split(/\s+/u).length };
    },
    close: () => Promise.resolve(),
  };
}
