// Adds up what verify.sh left in its report folder and prints the closing line.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const readLines = (name) =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim().split('\n') : [];

let passed = 0;
let failed = 0;
let skipped = 0;
const failures = [];

for (const line of readLines('checks.tsv')) {
  const [status, name] = line.split('\t');
  if (status === 'passed') passed += 1;
  else {
    failed += 1;
    failures.push(name);
  }
}
for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  for (const file of report.testResults) {
    // A file that could not be loaded has no tests to count.
    if (file.status === 'failed' && file.assertionResults.length === 0) failed += 1;
    for (const test of file.assertionResults) {
      if (test.status === 'failed') failures.push(test.fullName);
      if (test.status === 'pending' || test.status === 'skipped') {
        console.log(`skipped: ${test.fullName}`);
      }
    }
  }
}
// A run can also fail without a failing test: an unhandled error, a leaked handle.
const failedRuns = readLines('runs.tsv').map((line) => line.split('\t')[1]);
if (failedRuns.length > 0 && failed === 0) failed += failedRuns.length;

for (const name of [...failures, ...failedRuns]) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
