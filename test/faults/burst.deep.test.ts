import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { verifyJournal } from './verify-journal.ts'

const child = path.join(import.meta.dirname, 'burst-child.ts')
const calls = Number(process.env['BURST_CALLS'] ?? 1_000_000)

interface Told {
  readonly confirmed: number
  readonly peak: number
  readonly tickMillis: number
  readonly millis: number
}

function run(dir: string, what: string): Told {
  const options = { encoding: 'utf8', maxBuffer: 1024 * 1024 } as const
  return JSON.parse(execFileSync(process.execPath, [child, dir, String(calls), what], options)) as Told
}

it(
  `loses none of ${calls} calls of one tick, in memory that is bounded beyond their promises`,
  { timeout: 300_000 },
  async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-burst-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const dir = path.join(root, 'journal')
    const bare = run(dir, 'bare')
    const burst = run(dir, 'logger')
    const mib = (bytes: number): number => Math.round(bytes / 1024 / 1024)
    const beyond = burst.peak - bare.peak
    const { recordIds, alarms } = await verifyJournal(dir)
    process.stdout.write(
      `tried: ${calls} calls in one tick: ${burst.confirmed} confirmed, ${recordIds.size} on disk; the tick took ` +
        `${Math.round(burst.tickMillis)} ms, all of it ${Math.round(burst.millis)} ms; peak memory ${mib(burst.peak)} MiB, ` +
        `${mib(beyond)} MiB beyond the bare promises (${mib(bare.peak)} MiB)\n`,
    )
    expect(burst.confirmed).toBe(calls)
    expect(recordIds.size).toBe(calls + 2) // start and stop
    expect(alarms).toEqual([])
    expect(beyond).toBeLessThan(1024 * 1024 * 1024)
  },
)
