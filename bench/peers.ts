/* The same event through other ways of keeping it on this disk. */
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { audit, initLogger } from 'evlog'
import { createFsDrain } from 'evlog/fs'
import pino from 'pino'
import { createEventPreparer } from '../src/event/prepare-event.ts'
import { sqlFor } from '../src/providers/index.ts'
import { benchEvent } from './bench-event.ts'
import { benchDirectory, bytesUnder, report } from './figure.ts'

const prepare = createEventPreparer({})

function pinoWithFsync(): void {
  const dir = benchDirectory()
  const file = path.join(dir, 'pino.log')
  const fd = openSync(file, 'a')
  const logger = pino({ base: null }, pino.destination({ dest: fd, sync: true }))
  const records = 3_000
  const start = performance.now()
  for (let i = 0; i < records; i++) {
    logger.info(prepare(benchEvent(i)))
    fsyncSync(fd)
  }
  const seconds = (performance.now() - start) / 1000
  closeSync(fd)
  const lines = readFileSync(file, 'utf8').split('\n').length - 1
  report({
    name: 'pino, fsync per record',
    records,
    seconds,
    lost: records - lines,
    bytes: bytesUnder(dir),
    note: 'blocks the event loop',
  })
}

function sqlite(perTransaction: number, records: number): void {
  const dir = benchDirectory()
  const database = new DatabaseSync(path.join(dir, 'audit.db'))
  database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL')
  database.exec(sqlFor({ dialect: 'sqlite' }))
  const insert = database.prepare(
    'INSERT INTO admin_audit_log (record_id, admin_user_id, action, target_type, target_id, details, ip_address, user_agent, request_id, outcome, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const start = performance.now()
  for (let i = 0; i < records; i++) {
    if (perTransaction > 1 && i % perTransaction === 0) database.exec('BEGIN')
    const event = prepare(benchEvent(i))
    const { recordId, adminUserId, action, targetType, targetId, outcome, occurredAt } = event
    const more = [
      event.ipAddress ?? null,
      event.userAgent ?? null,
      event.requestId ?? null,
      outcome,
      occurredAt.toISOString(),
    ]
    insert.run(recordId, adminUserId, action, targetType, targetId, JSON.stringify(event.details), ...more)
    if (perTransaction > 1 && (i % perTransaction === perTransaction - 1 || i === records - 1)) database.exec('COMMIT')
  }
  const seconds = (performance.now() - start) / 1000
  const { kept } = database.prepare('SELECT count(*) AS kept FROM admin_audit_log').get() as { kept: number }
  database.close()
  const name = perTransaction === 1 ? 'node:sqlite, per record' : `node:sqlite, per ${perTransaction} records`
  report({
    name,
    records,
    seconds,
    lost: records - kept,
    bytes: bytesUnder(dir),
    note: 'WAL, synchronous=FULL; blocks the event loop',
  })
}

async function evlog(): Promise<void> {
  const dir = benchDirectory()
  initLogger({ env: { service: 'bench' }, drain: createFsDrain({ dir, pretty: false }), silent: true, pretty: false })
  const records = 20_000
  const start = performance.now()
  for (let i = 0; i < records; i++) {
    const { adminUserId, targetType, targetId, details, requestId } = prepare(benchEvent(i))
    const actor = { type: 'user' as const, id: adminUserId }
    audit({
      action: 'setting.update',
      actor,
      target: { type: targetType, id: targetId },
      outcome: 'success',
      ...(requestId === undefined ? {} : { correlationId: requestId }),
      changes: { before: details['before'], after: details['after'] },
    })
    if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve))
  }
  // Its drain tells nobody when it is done: the last growth of the files counts as the end.
  let bytes = -1
  let end = performance.now()
  while (bytesUnder(dir) !== bytes || performance.now() - end < 2_000) {
    if (bytesUnder(dir) !== bytes) end = performance.now()
    bytes = bytesUnder(dir)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const files = readdirSync(dir).filter((name) => name.endsWith('.jsonl'))
  const lines = files.reduce((sum, name) => sum + readFileSync(path.join(dir, name), 'utf8').split('\n').length - 1, 0)
  report({
    name: 'evlog, fs drain',
    records,
    seconds: (end - start) / 1000,
    lost: records - lines,
    bytes,
    note: 'no fsync',
  })
}

await evlog()
pinoWithFsync()
sqlite(1, 3_000)
sqlite(512, 100_000)
