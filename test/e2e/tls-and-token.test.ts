import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAuditLogger } from '../../src/index.ts'
import { healthOf, otelAudit, startAdminService, type AdminService } from './admin-service.ts'
import { recordsOfCollector } from './audit-records.ts'
import { requireCollector, startCollector, type CollectorProcess } from './collector-process.ts'
import { until } from './until.ts'

const recipe = join(import.meta.dirname, '../../deploy/collector/tls-and-token.yaml')

describe.skipIf(requireCollector() === undefined)('delivery to a Collector behind TLS and a bearer token', () => {
  let dir = ''
  let journal = ''
  let cert = ''
  let url = ''
  let collector: CollectorProcess
  let service: AdminService | undefined

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'audit-e2e-'))
    journal = join(dir, 'journal')
    cert = join(dir, 'cert.pem')
    const [key, token] = [join(dir, 'key.pem'), join(dir, 'token')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    expect(spawnSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject]).status).toBe(0)
    writeFileSync(token, 'right-token\n', { mode: 0o600 })
    collector = await startCollector({
      dir: join(dir, 'collector'),
      configs: [recipe],
      env: { AUDIT_TOKEN_FILE: token, AUDIT_TLS_CERT_FILE: cert, AUDIT_TLS_KEY_FILE: key },
    })
    url = collector.url.replace('http:', 'https:')
  })
  afterEach(async () => {
    await service?.kill()
    await collector.kill()
    rmSync(dir, { recursive: true, force: true })
  })

  const requestIdsThere = () => recordsOfCollector(collector.outputFile).map(({ requestId }) => requestId)

  it('a service with a wrong token keeps its records and says so; with the right one they arrive', async () => {
    service = await startAdminService(journal, {
      AUDIT_COLLECTOR_URL: url,
      AUDIT_COLLECTOR_TLS_CA_FILE: cert,
      AUDIT_COLLECTOR_HEADERS: 'Authorization=Bearer%20wrong-token',
      AUDIT_COLLECTOR_PAUSE_MILLIS: '200',
    })
    for (let i = 0; i < 20; i++) expect(await putSetting(service.url, `req-${String(i)}`)).toBe(200)
    const { url: serviceUrl } = service
    const health = () => healthOf(serviceUrl)
    await until(
      async () => (await health()).status === 503,
      async () => JSON.stringify(await health()),
    )
    await sleep(1_000) // several attempts more
    const { status, audit } = await health()
    expect({ status, audit }).toMatchObject({ status: 503, audit: { status: 'failing', setAside: 0 } })
    expect(audit.undelivered).toBeGreaterThanOrEqual(20)
    expect(audit.reasons.join()).toMatch(/401/)
    expect(service.problems()).toMatch(/AuditWarning.*401/)
    expect(await putSetting(service.url, 'req-20')).toBe(200) // it goes on recording
    expect(otelAudit('set-aside', 'list', '--dir', journal).text).not.toMatch(/[0-9a-f]{8}-/)
    expect(recordsOfCollector(collector.outputFile)).toEqual([])

    expect(await service.stop()).toBe(0)
    expect(service.problems()).toMatch(/\d+ audit records wait in the journal/)
    await service.restart({ AUDIT_COLLECTOR_HEADERS: 'Authorization=Bearer%20right-token' })
    await until(
      async () => (await health()).audit.undelivered === 0,
      async () => JSON.stringify(await health()),
    )
    expect(await health()).toMatchObject({ status: 200, audit: { status: 'ok', setAside: 0 } })
    expect(await service.stop()).toBe(0)
    await collector.stop()
    expect(requestIdsThere()).toEqual(expect.arrayContaining(Array.from({ length: 21 }, (_, i) => `req-${String(i)}`)))
    expect(otelAudit('verify', journal, collector.outputFile).code).toBe(0)
  })

  it('a token that is changed while the service runs is taken up without a restart', async () => {
    let token = 'wrong-token'
    const problems: string[] = []
    const logger = createAuditLogger({
      journal: { dir: journal },
      collector: {
        url,
        tls: { caFile: cert },
        headers: () => ({ authorization: `Bearer ${token}` }),
        pauseMillis: 100,
      },
      onProblem: ({ code }) => problems.push(code),
    })
    try {
      const login = { adminUserId: 'alice', action: 'login', targetType: 'session', targetId: 1 }
      expect(await logger.logAction({ ...login, requestId: 'req-1' })).toBe(true)
      await until(
        () => logger.health().status === 'failing',
        () => JSON.stringify(logger.health()),
      )
      token = 'right-token'
      expect(await logger.drain({ timeoutMillis: 20_000 })).toEqual({ undelivered: 0 })
      expect(logger.health()).toMatchObject({ status: 'ok', setAside: 0 })
      expect((await logger.emit({ ...login, requestId: 'req-2' }, { durability: 'collector' })).durability).toBe(
        'collector',
      )
    } finally {
      await logger.shutdown()
    }
    await collector.stop()
    expect(requestIdsThere()).toEqual(expect.arrayContaining(['req-1', 'req-2']))
  })

  it('a certificate of an authority that the service does not trust keeps the records here', async () => {
    const logger = createAuditLogger({
      journal: { dir: journal },
      collector: { url, headers: { authorization: 'Bearer right-token' }, initialBackoffMillis: 50 },
      onProblem: () => undefined,
    })
    try {
      expect(await logger.logAction({ adminUserId: 1, action: 'login', targetType: 'session', targetId: 1 })).toBe(true)
      expect((await logger.drain({ timeoutMillis: 500 })).undelivered).toBeGreaterThan(0)
    } finally {
      await logger.shutdown({ timeoutMillis: 100 })
    }
    await collector.stop()
    expect(recordsOfCollector(collector.outputFile)).toEqual([])
  })
})

async function putSetting(url: string, requestId: string): Promise<number> {
  const answer = await fetch(`${url}/settings/mail`, {
    method: 'PUT',
    headers: { 'x-admin-user': 'alice', 'x-request-id': requestId, 'content-type': 'application/json' },
    body: '{"value":1}',
  })
  await answer.arrayBuffer()
  return answer.status
}
