import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createAuditLogger } from '../../src/index.ts'
import { verifyJournal } from './verify-journal.ts'

function deep(depth: number): object {
  let value: object = {}
  for (let i = 0; i < depth; i++) value = { value }
  return value
}

function thrower(): never {
  throw new Error('on purpose')
}

const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key ${index}`, index]))
const cycle: Record<string, unknown> = {}
cycle['self'] = cycle

const cases: Record<string, () => object> = {
  'no keys': () => ({}),
  '10,000 keys': () => many,
  '1 MiB of text': () => ({ text: 'x'.repeat(1024 * 1024) }),
  '64 MiB of text': () => ({ text: 'x'.repeat(64 * 1024 * 1024) }),
  'depth 10,000': () => deep(10_000),
  'a list of depth 10,000': () => JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)) as object,
  'a getter that throws': () => Object.defineProperty({ fine: 1 }, 'bad', { enumerable: true, get: thrower }),
  'a toJSON that throws': () => ({ inner: { toJSON: thrower } }),
  'a proxy that throws': () => new Proxy({}, { ownKeys: thrower, get: thrower, getPrototypeOf: thrower }),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return { proxy }
  },
  'a proxy with endless keys': () => new Proxy({}, { get: (_target, key) => ({ [String(key)]: many }) }),
  'a cycle': () => cycle,
  'a getter that never gives the same': () =>
    Object.defineProperty({}, 'n', { enumerable: true, get: () => Math.random() }),
}

it('whatever the details are, the record is acknowledged, verifies, and takes a bounded time', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-details-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const dir = path.join(root, 'journal')
  const logger = createAuditLogger({ journal: { dir }, collector: false, onProblem: () => undefined })
  await logger.ready()
  let slowest = { name: '', millis: 0 }
  const ids: string[] = []
  for (const [name, details] of Object.entries(cases)) {
    const given = details()
    const started = performance.now()
    const receipt = await logger.emit({
      adminUserId: 'a',
      action: 'b',
      targetType: 'c',
      targetId: name,
      details: given,
    })
    const millis = performance.now() - started
    if (millis > slowest.millis) slowest = { name, millis }
    expect(receipt.durability, name).toMatch(/local|memory/)
    ids.push(receipt.recordId)
  }
  await logger.shutdown()
  const { recordIds, alarms } = await verifyJournal(dir)
  expect(ids.filter((id) => !recordIds.has(id))).toEqual([])
  expect(alarms).toEqual([])
  process.stdout.write(
    `tried: ${ids.length} kinds of hostile details: all acknowledged and verified; the slowest, ${slowest.name}, took ` +
      `${Math.round(slowest.millis)} ms\n`,
  )
})
