// Puts a model into the volume of a worker image: node infra/docker/pull-model.js MODEL [TIER]

import { join } from 'node:path';
import { pullModel } from '@stenofleet/model-store';

const [model, tier] = process.argv.slice(2);
const { STENO_DATA_DIR, HF_ENDPOINT, HF_TOKEN } = process.env;
if (model === undefined || STENO_DATA_DIR === undefined) {
  console.error('usage: STENO_DATA_DIR=… node infra/docker/pull-model.js MODEL [TIER]');
  process.exit(2);
}
const result = await pullModel(model, {
  root: join(STENO_DATA_DIR, 'models'),
  ...(tier && { tier }),
  ...(HF_ENDPOINT && { hubUrl: HF_ENDPOINT }),
  ...(HF_TOKEN && { accessToken: HF_TOKEN }),
});
console.log(JSON.stringify(result));
