import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createAuditLogger } from '../../src/index.ts'
import { startHostileCollector, type HostileBehaviour } from '../../src/testing/index.ts'
import { liveAndDie } from './live-and-die.ts'
import { randomFrom, type Random } from '../../src/cli/torture/random.ts'
import { verifyJournal } from './verify-journal.ts'

const rounds = Number(process.env['DEEP_KILL_ROUNDS'] ?? 1_000)
const lanes = Number(process.env['KILL_LANES'] ?? 3)
/** A slow machine may be told to stop earlier; how far it came is printed. */
const budgetMillis = Number(process.env['DEEP_KILL_SECONDS'] ?? Infinity) * 1_000

const moods: HostileBehaviour[] = [
  { kind: 'good' },
  { kind: 'good' },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 503, keeps: true },
  { kind: 'status', status: 429, retryAfter: 1 },
  { kind: 'cut', keeps: true },
  { kind: 'reset' },
  { kind: 'html' },
]

interface Lane {
  readonly lives: number
  readonly acknowledged: number
  readonly onDisk: number
  readonly streams: number
  readonly received: number
  readonly torn: number
}

/** One journal, one moody collector, and one life after the other on them. */
async function lane(root: string, wanted: number, random: Random): Promise<Lane> {
  const until = performance.now() + budgetMillis
  let lives = 0
  const dir = path.join(root, 'journal')
  const oracle = path.join(root, 'acknowledged')
  const collector = await startHostileCollector()
  const pick = (): HostileBehaviour => moods[Math.floor(random() * moods.length)] ?? { kind: 'good' }
  const mood = setInterval(() => collector.behave(pick(), { millis: 400 }), 300)
  try {
    for (; lives < wanted && performance.now() < until; lives++) {
      const inFlight = [1, 8, 64, 600][Math.floor(random() * 4)] ?? 1
      await liveAndDie([dir, collector.url, String(inFlight), oracle], random() * 150, random() < 0.2)
    }
  } finally {
    clearInterval(mood)
  }
  collector.behave({ kind: 'good' })
  const acknowledged = new Set(readFileSync(oracle, 'utf8').split('\n').slice(0, -1))
  const last = createAuditLogger({ journal: { dir }, collector: { url: collector.url }, onProblem: () => undefined })
  await last.ready()
  expect(await last.drain({ timeoutMillis: 120_000 })).toEqual({ undelivered: 0 })
  await last.shutdown({ drain: true })
  const { recordIds, streams, alarms, torn } = await verifyJournal(dir)
  const received = new Set(collector.recordIds())
  expect([...acknowledged].filter((id) => !recordIds.has(id))).toEqual([])
  expect([...acknowledged].filter((id) => !received.has(id))).toEqual([])
  expect(collector.received()).toMatchObject({ overlaps: 0, outOfOrder: 0, conflicts: 0 })
  expect(alarms).toEqual([])
  await collector.close()
  return { lives, acknowledged: acknowledged.size, onDisk: recordIds.size, streams, received: received.size, torn }
}

it(
  `loses no acknowledged record in ${rounds} rounds of kill -9, with rotation, adoption and a collector that fails now and then`,
  { timeout: 120_000 + rounds * 2_000 },
  async () => {
    const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000)
    const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-kills-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const each = Math.ceil(rounds / lanes)
    const started = performance.now()
    const ends = await Promise.allSettled(
      Array.from({ length: lanes }, (_, number) =>
        lane(path.join(mkdtempSync(path.join(root, 'lane-'))), each, randomFrom(seed + number)),
      ),
    )
    const done = ends.map((end) => {
      if (end.status === 'rejected') throw end.reason
      return end.value
    })
    const sum = (key: keyof Lane): number => done.reduce((total, one) => total + one[key], 0)
    process.stdout.write(
      `tried: kill -9: seed ${seed}, ${sum('lives')} of ${each * lanes} rounds in ${Math.round((performance.now() - started) / 1000)} s, ` +
        `${sum('acknowledged')} acknowledged, ${sum('onDisk')} on disk, ${sum('received')} at the collectors, ` +
        `${sum('streams')} streams (${sum('torn')} torn), 0 missing\n`,
    )
    expect(sum('acknowledged')).toBeGreaterThan(sum('lives'))
    if (budgetMillis === Infinity) expect(sum('lives')).toBeGreaterThanOrEqual(rounds)
  },
)
