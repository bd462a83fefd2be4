import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createAuditLogger, type AuditLoggerOptions, type AuditProblem } from '../../src/index.ts'
import { event, FakeProvider, no } from './fake-provider.ts'
import { rejection } from './make-logger.ts'

let dir = ''
let problems: AuditProblem[] = []

beforeEach(() => {
  problems = []
  dir = mkdtempSync(join(tmpdir(), 'audit-front-door-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const make = (options: AuditLoggerOptions = {}) =>
  createAuditLogger({
    serviceName: 'shop',
    collector: false,
    journal: { dir },
    onProblem: (problem) => problems.push(problem),
    ...options,
  })

/** Everything in the journal directory, as text. */
function journalText(): string {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'))
  return files.map((name) => readFileSync(join(dir, name), 'utf8')).join('')
}

it('a record is in the journal with the place that its receipt names', async () => {
  await using logger = make()
  const receipt = await logger.emit({ ...event, details: { name: 'Corner shop' }, requestId: 'req-1' })
  expect(receipt).toMatchObject({ sequence: 2, backends: { journal: { ok: true } } })
  expect(receipt.streamId).toMatch(/^[0-9a-f-]{36}$/)
  expect(receipt.integrityHash).toMatch(/^[0-9a-f]{64}$/)
  const text = journalText()
  for (const part of [
    receipt.recordId,
    receipt.streamId,
    receipt.integrityHash,
    'Corner shop',
    '"stringValue":"shop"',
  ]) {
    expect(text).toContain(part)
  }
  expect(logger.health()).toMatchObject({ status: expect.stringMatching(/ok|degraded/) as string, streams: 1 })
  expect(problems.filter(({ code }) => code !== 'journal_volatile')).toEqual([])
})

it('nothing touches the disk before the first record', async () => {
  const logger = make()
  expect(readdirSync(dir)).toEqual([])
  expect(await logger.logAction(event)).toBe(true)
  await logger.shutdown()
  expect(readdirSync(dir)).not.toEqual([])
})

it('a burst of un-awaited calls in one tick is recorded whole and in order', async () => {
  await using logger = make()
  const calls = Array.from({ length: 5_000 }, (_, i) => logger.logAction({ ...event, targetId: `t${i}.` }))
  expect((await Promise.all(calls)).every(Boolean)).toBe(true)
  const found = [...journalText().matchAll(/"audit\.target\.id","value":\{"stringValue":"t(\d+)\."/g)]
  expect(found.map(([, index]) => Number(index))).toEqual(Array.from({ length: 5_000 }, (_, i) => i))
})

it('beside the journal modules and enrichers do their part, and a failing module costs nothing', async () => {
  const module = new FakeProvider('monitoring', no)
  const enricher = {
    onEmit: (record: { setAttribute(key: string, value: string): unknown }) =>
      void record.setAttribute('pod', 'shop-1'),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  await using logger = make({ enrichers: [enricher], modules: [{ code: 'm', auditProvider: () => module }] })
  const receipt = await logger.emit(event)
  expect(receipt.backends).toMatchObject({ journal: { ok: true }, monitoring: { ok: false } })
  expect(module.records[0]?.attributes['pod']).toBe('shop-1')
  expect(journalText()).toContain('"key":"pod","value":{"stringValue":"shop-1"}')
})

it('durability collector is true only after the collector has acknowledged the record', async () => {
  let status = 503
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => response.writeHead(status, { 'content-type': 'application/json' }).end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    await using logger = make({ collector: { url, initialBackoffMillis: 20, maxBackoffMillis: 50 } })
    await logger.ready()
    const early = await rejection(logger.emit(event, { durability: 'collector', timeoutMillis: 2_000 }))
    expect(early.code).toBe('provider_timeout')
    expect(early.receipt).toMatchObject({ sequence: 2 })
    status = 200
    expect((await logger.emit(event, { durability: 'collector', timeoutMillis: 10_000 })).durability).toBe('collector')
    expect(await logger.drain({ timeoutMillis: 10_000 })).toEqual({ undelivered: 0 })
  } finally {
    server.close()
    server.closeAllConnections()
  }
})

it('a directory that is a file is bad_config at the start, not at the first record', () => {
  const file = join(dir, 'file')
  writeFileSync(file, '')
  expect(() => make({ journal: { dir: file } })).toThrow(
    expect.objectContaining({ code: 'bad_config', message: expect.stringContaining('journal.dir') as string }),
  )
})

it('a provider that belongs to another logger leaves no half-made logger behind', async () => {
  const provider = new FakeProvider('p')
  await using first = make({ providers: [provider] })
  expect(() => make({ providers: [provider] })).toThrow(expect.objectContaining({ code: 'already_owned' }))
  expect(await first.logAction(event)).toBe(true)
})
