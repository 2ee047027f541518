// Prints `N passed, N failed[, N skipped]` from vitest's JSON report; exits non-zero unless tests ran and all passed.
import { existsSync, readFileSync } from "node:fs";

const [report, runnerStatus] = process.argv.slice(2);
let counts = { passed: 0, failed: 0, skipped: 0 };
if (existsSync(report)) {
  const json = JSON.parse(readFileSync(report, "utf8"));
  // A file that fails before its tests are known (a syntax error, a broken import) holds no failed test: count the file.
  const brokenFiles = json.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  counts = {
    passed: json.numPassedTests,
    failed: json.numFailedTests + brokenFiles.length,
    skipped: json.numPendingTests + json.numTodoTests,
  };
}
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = Number(runnerStatus) || (counts.failed > 0 || counts.passed === 0 ? 1 : 0);
