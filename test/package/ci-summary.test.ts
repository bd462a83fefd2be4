import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { root } from './tracked-files.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'ci-summary-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const loaded = { status: 'passed', assertionResults: [{ status: 'passed' }] }

function report(part: string, passed: number, failed: number, skipped = 0, testResults: object[] = [loaded]): void {
  const counts = { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, numTodoTests: 0 }
  writeFileSync(join(folder, `${part}.json`), JSON.stringify({ ...counts, testResults }))
}

function summary(...failedPart: string[]): { status: number | null; line: string | undefined } {
  const run = spawnSync(process.execPath, [join(root, '.ci', 'summary.mjs'), folder, ...failedPart], {
    encoding: 'utf8',
  })
  return { status: run.status, line: run.stdout.trimEnd().split('\n').at(-1) }
}

it('adds the tests of all parts', () => {
  report('fast', 10, 0)
  report('e2e', 3, 0)
  expect(summary()).toEqual({ status: 0, line: '13 passed, 0 failed' })
})

it('counts skipped tests where there are any', () => {
  report('fast', 10, 0, 2)
  expect(summary()).toEqual({ status: 0, line: '10 passed, 0 failed, 2 skipped' })
})

it('fails when a test failed', () => {
  report('fast', 10, 1)
  expect(summary('fast')).toEqual({ status: 1, line: '10 passed, 1 failed' })
})

it('fails when a test file could not be loaded', () => {
  report('fast', 10, 0, 0, [loaded, { status: 'failed', assertionResults: [] }])
  expect(summary()).toEqual({ status: 1, line: '10 passed, 1 failed' })
})

it('fails when a part without tests failed', () => {
  report('fast', 10, 0)
  expect(summary('lint')).toEqual({ status: 1, line: '10 passed, 1 failed' })
})

it('fails when no test ran', () => {
  expect(summary()).toEqual({ status: 1, line: '0 passed, 0 failed' })
})
