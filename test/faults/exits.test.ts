import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { verifyJournal } from './verify-journal.ts'

const child = path.join(import.meta.dirname, 'exit-child.ts')

/** Runs the child as process 1 of a new PID namespace, as in a container; needs root. */
const canBeProcessOne = spawnSync('unshare', ['-pf', 'true']).status === 0

function endedBy(dir: string, way: string, count: number): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => {
    const options = { stdio: 'ignore' as const, cwd: path.dirname(dir) }
    spawn(process.execPath, [child, dir, way, String(count)], options).on('close', (code, signal) =>
      resolve({ code, signal }),
    )
  })
}

/** Records of the pipeline itself: start, and stop where the end was orderly. */
const own = { orderly: 2, sudden: 1 }

const cases = [
  { way: 'exit', count: 5000, end: { code: 0, signal: null }, own: own.sudden },
  { way: 'late-exit', count: 100, end: { code: 0, signal: null }, own: own.sudden },
  { way: 'throw', count: 700, end: { code: 1, signal: null }, own: own.sudden },
  { way: 'late-throw', count: 700, end: { code: 1, signal: null }, own: own.sudden },
  { way: 'reject', count: 700, end: { code: 1, signal: null }, own: own.sudden },
  { way: 'sigterm', count: 700, end: { code: null, signal: 'SIGTERM' }, own: own.sudden },
  { way: 'sigterm-handled', count: 700, end: { code: null, signal: 'SIGTERM' }, own: own.orderly },
  { way: 'abort', count: 700, end: { code: null, signal: 'SIGABRT' }, own: own.sudden },
  { way: 'end', count: 700, end: { code: 0, signal: null }, own: own.sudden },
]

describe('process 1 of a container', () => {
  if (!canBeProcessOne) process.stdout.write('skipped: process 1 needs unshare(1) and root\n')
  it.runIf(canBeProcessOne)('ends after shutdownOnSignals, though the kernel ignores the signal', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-exit-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const dir = path.join(root, 'journal')
    const args = ['-pf', '--kill-child', process.execPath, child, dir, 'sigterm-handled', '50']
    const { status } = spawnSync('unshare', args, { timeout: 30_000, cwd: root })
    expect(status).toBe(128 + 15)
    expect((await verifyJournal(dir)).recordIds.size).toBe(50 + own.orderly)
  })
})

describe('records handed over right before the end of the process are in the journal', () => {
  let ended = 0
  let found = 0
  afterAll(() => {
    process.stdout.write(`tried: ${ended} ways to end: ${found} calls that nobody awaited, 0 missing on disk\n`)
  })

  for (const { way, count, end, own } of cases) {
    it(`after ${way}`, async () => {
      const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-exit-'))
      onTestFinished(() => rmSync(root, { recursive: true, force: true }))
      const dir = path.join(root, 'journal')
      expect(await endedBy(dir, way, count)).toEqual(end)
      const journal = await verifyJournal(dir)
      expect(journal.recordIds.size).toBe(count + own)
      expect(journal.alarms).toEqual([])
      ended++
      found += count
    })
  }
})
