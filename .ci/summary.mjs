// Prints "N passed, N failed" from vitest's JSON report: node summary.mjs REPORT TEST_STATUS LINT_FAILED
// Runs on the machine's own Node. Whatever failed without being a failed test (lint, a type error, a test file
// that could not be loaded, a report that is not there) counts as one failed.
import { readFileSync } from "node:fs";

const [report, testStatus, lintFailed] = process.argv.slice(2);
const { passed, failed, brokenFiles } = readReport(report);
let failures = failed + brokenFiles + Number(lintFailed);
if (testStatus !== "0" && failed + brokenFiles === 0) failures += 1;
if (testStatus === "0" && passed === 0) failures += 1; // a run that tested nothing is no success
console.log(`${passed} passed, ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);

function readReport(path) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(path, "utf8"));
    const broken = testResults.filter(
      ({ status, assertionResults }) =>
        status === "failed" && !assertionResults.some((test) => test.status === "failed"),
    );
    return { passed: numPassedTests, failed: numFailedTests, brokenFiles: broken.length };
  } catch {
    return { passed: 0, failed: 0, brokenFiles: 0 };
  }
}
