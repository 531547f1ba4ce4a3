import { defineConfig } from 'vitest/config';

const project = (name: string) => ({
  test: { name, include: [`${name}/**/*.test.ts`], testTimeout: 120_000, hookTimeout: 120_000 },
});

// These run against the built packages (`npm run build` first): `test/` sees the system from outside.
export default defineConfig({
  test: {
    projects: ['contract', 'integration', 'e2e', 'chaos', 'parity'].map(project),
    fileParallelism: false,
  },
});
