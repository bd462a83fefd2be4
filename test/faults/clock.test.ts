import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { createAuditLogger, type AuditLogger } from '../../src/index.ts'
import { startHostileCollector, type CollectedRecord, type HostileCollector } from '../../src/testing/index.ts'

const hour = 3_600_000
const day = 24 * hour
const year = 365 * day

// Only the wall clock: timers and the monotonic clock run on.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 5, 1) }))
afterEach(() => void vi.useRealTimers())

async function rig(retain: string): Promise<{ dir: string; collector: HostileCollector; start: () => AuditLogger }> {
  const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-clock-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const dir = path.join(root, 'journal')
  const collector = await startHostileCollector()
  onTestFinished(() => collector.close())
  const start = (): AuditLogger =>
    createAuditLogger({ journal: { dir, retain }, collector: { url: collector.url }, onProblem: () => undefined })
  return { dir, collector, start }
}

const event = { adminUserId: 'a', action: 'b', targetType: 'c', targetId: 1 }
const nanos = (record: CollectedRecord | undefined, key: string): bigint =>
  BigInt((record as Record<string, string> | undefined)?.[key] ?? '-1')

it('jumps of the clock change neither the order nor the delivery, and no record is seen before it happened', async () => {
  const { collector, start } = await rig('7d')
  const logger = start()
  let wall = Date.now()
  const jumps = [0, hour, -2 * hour, 10 * year, -12 * year, 1, -1, 3 * year, -day, day]
  const receipts = []
  for (const jump of jumps) {
    wall += jump
    vi.setSystemTime(wall)
    receipts.push(await logger.emit(event))
    // A jump while a record is on its way.
    const pending = logger.emit({ ...event, occurredAt: new Date(wall - hour) })
    vi.setSystemTime((wall -= hour))
    receipts.push(await pending)
  }
  expect(receipts.map(({ sequence = 0 }) => sequence)).toEqual(receipts.map((_, index) => index + 2))
  expect(await logger.drain({ timeoutMillis: 20_000 })).toEqual({ undelivered: 0 })
  expect(collector.received()).toMatchObject({ outOfOrder: 0, overlaps: 0, conflicts: 0 })
  for (const { recordId } of receipts) {
    const record = collector.find(({ attributes = [] }) =>
      attributes.some(({ key, value }) => key === 'audit.record.id' && value?.['stringValue'] === recordId),
    )
    expect(nanos(record, 'timeUnixNano') <= nanos(record, 'observedTimeUnixNano')).toBe(true)
    expect(nanos(record, 'timeUnixNano') > 0n).toBe(true)
  }
  await logger.shutdown()
  process.stdout.write(
    `tried: ${jumps.length * 2} jumps of the clock, by up to 12 years: ${receipts.length} records in order, all delivered\n`,
  )
})

it('retention is suspended while the clock disagrees with itself, and goes on when it does not', async () => {
  const { dir, start } = await rig('1d')
  const first = start()
  await first.emit(event)
  await first.shutdown({ drain: true })
  const [old = ''] = readdirSync(dir).filter((name) => name.length === 36)
  const marker = path.join(dir, old, 'delivered.json')
  const tenDaysAgo = new Date(Date.now() - 10 * day)
  utimesSync(marker, tenDaysAgo, tenDaysAgo)
  const jumped = start()
  vi.setSystemTime(Date.now() + 10 * year)
  await jumped.emit(event)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(existsSync(marker)).toBe(true)
  await jumped.shutdown({ drain: true })
  vi.setSystemTime(Date.now() - 10 * year)
  const steady = start()
  await steady.emit(event)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(existsSync(path.join(dir, old))).toBe(false)
  await steady.shutdown({ drain: true })
})
