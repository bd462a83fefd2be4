// summary.mjs <folder of vitest JSON reports> [failed part…]: prints one line `N passed, N failed[, N skipped]` and exits 1
// when something failed or nothing ran. A part that failed without a failed test in its report counts as one failure.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, ...failedParts] = process.argv.slice(2)
const total = { passed: 0, failed: 0, skipped: 0 }
const failures = {}

/** A file that could not even be loaded has no test results of its own. */
const brokenFile = (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const failed = report.numFailedTests + report.testResults.filter(brokenFile).length
  failures[name.slice(0, -'.json'.length)] = failed
  total.passed += report.numPassedTests
  total.failed += failed
  total.skipped += report.numPendingTests + report.numTodoTests
}
total.failed += failedParts.filter((part) => !failures[part]).length
const nothingRan = total.passed + total.failed === 0
if (nothingRan) console.log('No test ran.')
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exit(total.failed > 0 || nothingRan ? 1 : 0)
