// The part of sherpa-onnx-node that the benchmark calls; the package has no types of its own.
declare module 'sherpa-onnx-node' {
  type OfflineRecognizerConfig = {
    featConfig: { sampleRate: number; featureDim: number };
    modelConfig: {
      modelType?: string;
      nemoCtc?: { model: string };
      transducer?: { encoder: string; decoder: string; joiner: string };
      tokens: string;
      numThreads: number;
      provider: 'cpu';
      debug: 0;
    };
  };
  type OfflineStream = {
    acceptWaveform(wave: { samples: Float32Array; sampleRate: number }): void;
  };
  const sherpa: {
    OfflineRecognizer: new (config: OfflineRecognizerConfig) => {
      createStream(): OfflineStream;
      /** Blocks its thread. */
      decode(stream: OfflineStream): void;
      /** Runs on a thread of libuv's pool. */
      decodeAsync(stream: OfflineStream): Promise<{ text: string }>;
      getResult(stream: OfflineStream): { text: string };
    };
    version: string;
    onnxruntimeVersion: string;
  };
  export default sherpa;
}
