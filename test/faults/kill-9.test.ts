import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createAuditLogger } from '../../src/create-audit-logger.ts'
import { startHostileCollector } from '../../src/testing/hostile-collector.ts'
import { liveAndDie } from './live-and-die.ts'
import { verifyJournal } from './verify-journal.ts'

const rounds = Number(process.env['KILL_ROUNDS'] ?? 50)

it(
  `loses no acknowledged record in ${rounds} rounds of kill -9 under load`,
  { timeout: 60_000 + rounds * 3_000 },
  async () => {
    const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000)
    const random = randomFrom(seed)
    const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-kill-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const dir = path.join(root, 'journal')
    const collector = await startHostileCollector()
    onTestFinished(() => collector.close())
    const oracle = path.join(root, 'acknowledged')
    for (let round = 0; round < rounds; round++) {
      const inFlight = [1, 8, 64, 600][Math.floor(random() * 4)] ?? 1
      await liveAndDie([dir, collector.url, String(inFlight), oracle], random() * 150, random() < 0.2)
    }
    const acknowledged = new Set(readFileSync(oracle, 'utf8').split('\n').slice(0, -1))
    const last = createAuditLogger({ journal: { dir }, collector: { url: collector.url }, onProblem: () => undefined })
    await last.ready()
    expect(await last.drain({ timeoutMillis: 60_000 })).toEqual({ undelivered: 0 })
    await last.shutdown({ drain: true })
    const report = await verifyJournal(dir)
    const missingOnDisk = [...acknowledged].filter((id) => !report.recordIds.has(id))
    const received = new Set(collector.recordIds())
    const missingAtCollector = [...acknowledged].filter((id) => !received.has(id))
    process.stdout.write(
      `tried: kill -9: seed ${seed}, ${rounds} rounds, ${acknowledged.size} acknowledged, ${report.recordIds.size} on disk, ` +
        `${received.size} at the collector, ${report.streams} streams\n`,
    )
    expect(acknowledged.size).toBeGreaterThan(rounds)
    expect(missingOnDisk).toEqual([])
    expect(missingAtCollector).toEqual([])
    expect(report.alarms).toEqual([])
  },
)

function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}
