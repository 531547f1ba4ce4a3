#!/usr/bin/env node
// Launcher: committed so that npm can link the command before the first build.
await import('../dist/main.js').catch((error) => {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error(`steno is not built yet: run "npm run build" first (${error.message}).`);
  process.exitCode = 1;
});
