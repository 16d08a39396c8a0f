#!/usr/bin/env bash
# Prints which tests failed and why in short, and the closing line of a test run: sums the JSON
# reports that vitest left in .fogline/tests.
# Usage: testing/summary.sh [report …]   (default: every .fogline/tests/*.json)
# Exits 1 when a test failed or no test ran.
set -euo pipefail
cd "$(dirname "$0")/.."

reports=("$@")
[ ${#reports[@]} -gt 0 ] || reports=(.fogline/tests/*.json)
# shellcheck disable=SC2016 # the dollars are JavaScript's
node -e '
  const { readFileSync } = require("node:fs");
  const { relative } = require("node:path");
  const sum = { passed: 0, failed: 0 };
  // Its beginning says what failed; its end, without the call stack, why.
  const short = (message) => {
    const lines = message.trim().split("\n").filter((line) => !/^\s+at /.test(line));
    const cut = lines.length > 24 ? [...lines.slice(0, 4), "…", ...lines.slice(-19)] : lines;
    return cut.join("\n    ");
  };
  for (const file of process.argv.slice(1)) {
    const report = JSON.parse(readFileSync(file, "utf8"));
    sum.passed += report.numPassedTests;
    // A suite that broke before its first test counts as one failure.
    sum.failed += Math.max(report.numFailedTests, report.success ? 0 : 1);
    if (!report.success) {
      console.log(`failed: ${file}`);
    }
    for (const { name, message, assertionResults } of report.testResults ?? []) {
      if (message) {
        console.log(`  ${relative(".", name)}\n    ${short(message)}`);
      }
      for (const test of assertionResults.filter(({ status }) => status === "failed")) {
        console.log(`  ${relative(".", name)} > ${test.fullName}`);
        console.log(`    ${short(test.failureMessages.join("\n"))}`);
      }
    }
  }
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
' "${reports[@]}"
