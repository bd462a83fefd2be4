import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createAuditLogger, type AuditLoggerOptions } from '../../src/index.ts'
import { parseOtlpLogs } from '../../src/integrity/index.ts'
import { event, FakeProvider } from './fake-provider.ts'

/** A logger with a journal, and what the journal holds when it is shut down: event names and bodies as JSON. */
function journalOf(options: AuditLoggerOptions) {
  const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-configuration-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const dir = path.join(root, 'journal')
  const logger = createAuditLogger({ journal: { dir }, collector: false, onProblem: () => undefined, ...options })
  const records = async (): Promise<{ name: string | undefined; body: string }[]> => {
    await logger.shutdown()
    return readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => readFileSync(path.join(dir, name), 'utf8').trimEnd().split('\n'))
      .flatMap((line) => parseOtlpLogs(line).resourceLogs)
      .flatMap(({ scopeLogs }) => scopeLogs?.flatMap(({ logRecords }) => logRecords ?? []) ?? [])
      .map(({ eventName, body }) => ({ name: eventName, body: JSON.stringify(body) }))
  }
  return { logger, records }
}

it('the start record tells the modes: who confirms, what is redacted, which backends take records', async () => {
  const { logger, records } = journalOf({ providers: [new FakeProvider('archive')], confirmBy: 'all', redact: false })
  await logger.emit(event)
  const [start] = await records()
  expect(start?.name).toBe('audit.pipeline.start')
  for (const told of ['confirmBy', '"all"', 'redaction', '"off"', '"archive"', 'maxBytes', '"unlimited"', 'for ever']) {
    expect(start?.body).toContain(told)
  }
})

it('a change of the enabled backends is a record before the first record that it concerns', async () => {
  let enabled = false
  const { logger, records } = journalOf({
    modules: [{ code: 'm', enabled: () => enabled, auditProvider: () => new FakeProvider('monitoring') }],
  })
  await logger.emit(event)
  enabled = true
  await logger.emit(event)
  await logger.emit(event)
  enabled = false
  await logger.emit(event)
  const written = await records()
  const change = 'audit.pipeline.configuration'
  expect(written.map(({ name }) => name?.replace(/^admin.*/, 'event'))).toEqual([
    'audit.pipeline.start',
    'event',
    change,
    'event',
    'event',
    change,
    'event',
    'audit.pipeline.stop',
  ])
  const list = (...names: string[]): string =>
    JSON.stringify({ arrayValue: { values: names.map((stringValue) => ({ stringValue })) } }).slice(1, -1)
  expect(written[2]?.body).toContain(`"backends","value":{${list('journal', 'monitoring')}`)
  expect(written[2]?.body).toContain(`"enabled","value":{${list('monitoring')}`)
  expect(written[5]?.body).toContain(`"backends","value":{${list('journal')}`)
  expect(written[5]?.body).toContain(`"disabled","value":{${list('monitoring')}`)
})

it('what is enabled from the first call on stands in the start record, and is no change', async () => {
  const { logger, records } = journalOf({
    modules: [{ code: 'm', auditProvider: () => Promise.resolve(new FakeProvider('monitoring')) }],
  })
  await logger.ready()
  await logger.emit(event)
  await logger.emit(event)
  const written = await records()
  expect(written.filter(({ name }) => name === 'audit.pipeline.configuration')).toEqual([])
})
