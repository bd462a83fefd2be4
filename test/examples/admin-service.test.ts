import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFarEnd, type FarEnd } from '../../scripts/demo/far-end.ts'
import { attributeText, type RecordView } from '../../src/cli/record-view.ts'
import { fromSource, root } from './run-example.ts'

const directory = mkdtempSync(join(tmpdir(), 'otel-audit-service-'))
let farEnd: FarEnd
let service: ChildProcess
let url: string

beforeAll(async () => {
  farEnd = await startFarEnd(directory, { collector: false })
  service = spawn(process.execPath, [...fromSource, join(root, 'examples/admin-service/main.ts')], {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      AUDIT_JOURNAL_DIR: join(directory, 'journal'),
      OTEL_EXPORTER_OTLP_ENDPOINT: farEnd.auditUrl,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: service.stdout ?? process.stdin })) {
    url = /listens on (\S+)/.exec(line)?.[1] ?? ''
    break
  }
})
afterAll(async () => {
  service.kill('SIGKILL')
  await farEnd.close()
})

interface Answer {
  readonly status: number
  readonly requestId: string
  readonly body: unknown
}

async function ask(
  method: string,
  path: string,
  options: { as?: string; body?: unknown; requestId?: string } = {},
): Promise<Answer> {
  const { as = 'alice', body, requestId = randomUUID() } = options
  const answer = await fetch(url + path, {
    method,
    headers: {
      ...(as === '' ? {} : { 'x-admin-user': as }),
      'x-request-id': requestId,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return {
    status: answer.status,
    requestId: answer.headers.get('x-request-id') ?? '',
    body: await answer.json(),
  }
}

async function recordOf(requestId: string): Promise<RecordView | undefined> {
  return await farEnd.arrival((view) => attributeText(view, 'audit.request.id') === requestId)
}

describe('the sample admin service', () => {
  it('records a change with who, what, where from and the trace of the request', async () => {
    const { status, requestId, body } = await ask('POST', '/stores', { body: { name: 'Berlin', currency: 'EUR' } })
    expect({ status, body }).toMatchObject({ status: 201, body: { id: 1, name: 'Berlin', status: 'open' } })
    const record = await recordOf(requestId)
    expect(record).toMatchObject({
      eventName: 'admin.store.create',
      body: { currency: 'EUR' },
      attributes: {
        'audit.actor.id': 'alice',
        'audit.actor.name': 'alice@example.com',
        'audit.target.id': '1',
        'audit.target.name': 'Berlin',
        'audit.outcome': 'success',
        'audit.source.id': '127.0.0.1',
      },
    })
    // The trace is the server span's, not one derived from the request ID.
    expect(record?.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(record?.traceId).not.toBe(requestId.replaceAll('-', ''))
    expect(record?.spanId).toMatch(/^[0-9a-f]{16}$/)
    await expect.poll(() => farEnd.spans.some(({ traceId }) => traceId === record?.traceId)).toBe(true)
  })

  it('records a refusal as a failure, and the refusal stands', async () => {
    const { status, requestId } = await ask('POST', '/stores/1/close', { as: 'sam', body: { reason: 'prank' } })
    expect(status).toBe(403)
    expect(await recordOf(requestId)).toMatchObject({
      eventName: 'admin.store.close',
      attributes: { 'audit.actor.id': 'sam', 'audit.outcome': 'failure' },
    })
    expect((await ask('GET', '/stores')).body).toMatchObject([{ id: 1, status: 'open' }])
  })

  it('answers domain errors with their status and records them', async () => {
    for (const [method, path, body, expected] of [
      ['POST', '/stores', { name: 'Berlin', currency: 'EUR' }, 409],
      ['POST', '/stores', { name: 'Rome', currency: 'lira' }, 400],
      ['POST', '/stores/99/close', {}, 404],
      ['DELETE', '/users/alice', undefined, 409],
      ['DELETE', '/users/nobody', undefined, 404],
    ] as const) {
      const { status, requestId } = await ask(method, path, { body })
      expect([method, path, status]).toEqual([method, path, expected])
      expect((await recordOf(requestId))?.attributes['audit.outcome']).toBe('failure')
    }
  })

  it('keeps a secret setting out of the trail', async () => {
    const { status, requestId, body } = await ask('PUT', '/settings/mail', {
      as: 'mara',
      body: { value: { password: 'hunter2' } },
    })
    expect({ status, body }).toMatchObject({ status: 200, body: { recorded: true } })
    const record = await recordOf(requestId)
    expect(record).toMatchObject({ eventName: 'admin.setting.update', body: { after: { password: '[REDACTED]' } } })
    expect(JSON.stringify(farEnd.records)).not.toContain('hunter2')
  })

  it('manages users: invite, change role, deactivate; a deactivated admin may not ask any more', async () => {
    const invited = await ask('POST', '/users', { body: { id: 'bob', email: 'bob@example.com', role: 'owner' } })
    const changed = await ask('PUT', '/users/bob/role', { body: { role: 'manager' } })
    expect((await ask('GET', '/users', { as: 'bob' })).status).toBe(200)
    const deactivated = await ask('DELETE', '/users/bob')
    expect([invited.status, changed.status, deactivated.status]).toEqual([201, 200, 200])
    expect((await ask('GET', '/users', { as: 'bob' })).status).toBe(401)
    expect((await ask('GET', '/users', { as: '' })).status).toBe(401)
    expect(await recordOf(changed.requestId)).toMatchObject({
      eventName: 'admin.user.change_role',
      body: { from: 'owner', to: 'manager' },
    })
  })

  it('refuses malformed input before anything happens', async () => {
    expect((await ask('POST', '/stores', { body: { name: '' } })).status).toBe(400)
    expect((await ask('PUT', '/settings/Not%20A%20Key', { body: { value: 1 } })).status).toBe(400)
    expect((await ask('POST', '/users', { body: { id: 'x', email: 'nope', role: 'owner' } })).status).toBe(400)
  })

  it('makes a request ID of its own when the caller sends none or a strange one', async () => {
    const { requestId } = await ask('GET', '/stores', { requestId: 'strange id with spaces' })
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('has a module whose own backend counts what happens, and tells its health', async () => {
    const { body } = await ask('GET', '/monitoring/activity')
    expect(body).toMatchObject({ 'admin.store.create success': 1, 'admin.store.close failure': 2 })
    expect((await ask('GET', '/health', { as: '' })).body).toMatchObject({ audit: { status: 'ok', setAside: 0 } })
  })

  it('stops in order at SIGTERM: exit code 0, nothing undelivered, the stop is recorded', async () => {
    service.kill('SIGTERM')
    const [code] = (await once(service, 'exit')) as [number | null]
    expect(code).toBe(0)
    expect(await farEnd.arrival(({ eventName }) => eventName === 'audit.pipeline.stop')).toBeDefined()
  })
})
