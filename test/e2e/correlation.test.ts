import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { otelAudit, startAdminService, type AdminService } from './admin-service.ts'
import { recordsOfCollector } from './audit-records.ts'
import { freePorts, requireCollector, startCollector, type CollectorProcess } from './collector-process.ts'
import { serverSpans } from './server-spans.ts'

describe.skipIf(requireCollector() === undefined)('the trace of a record, as a real Collector has it', () => {
  let dir = ''
  let collector: CollectorProcess | undefined
  let service: AdminService | undefined

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'audit-e2e-'))
  })
  afterEach(async () => {
    await service?.kill()
    await collector?.kill()
    rmSync(dir, { recursive: true, force: true })
  })

  it("is that of its request's span, which arrives beside it", async () => {
    const spans = join(dir, 'spans.jsonl')
    const extra = join(dir, 'traces-to-file.yaml')
    const pipelines = '{ traces: { exporters: [file/traces] } }'
    writeFileSync(extra, `exporters: { file/traces: { path: ${spans} } }\nservice: { pipelines: ${pipelines} }\n`)
    const [tracesPort = 0] = await freePorts(1)
    collector = await startCollector({
      dir,
      configs: [join(import.meta.dirname, '../../deploy/collector/traces.yaml'), extra],
      env: { TRACES_ENDPOINT: `127.0.0.1:${String(tracesPort)}` },
    })
    service = await startAdminService(join(dir, 'journal'), {
      AUDIT_COLLECTOR_URL: collector.url,
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${String(tracesPort)}/v1/traces`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    })
    const upstream = '0af7651916cd43dd8448eb211c80319c'
    expect(await putSetting(service.url, 'alone', 'req-alone')).toBe(200)
    const traceparent = `00-${upstream}-b7ad6b7169203331-01`
    expect(await putSetting(service.url, 'called', 'req-called', { traceparent })).toBe(200)
    expect(await service.stop()).toBe(0)
    await collector.stop()

    const records = recordsOfCollector(collector.outputFile)
    const servers = serverSpans(spans)
    for (const name of ['alone', 'called']) {
      const record = records.find(({ requestId }) => requestId === `req-${name}`)
      const span = servers.find(({ path }) => path === `/settings/${name}`)
      const instance = record?.resource['service.instance.id']
      const { traceId, spanId } = record ?? {}
      expect({ traceId, spanId, path: `/settings/${name}`, instance }).toEqual(span)
    }
    expect(records.find(({ requestId }) => requestId === 'req-called')?.traceId).toBe(upstream)
  })

  it('is that of its request ID where nothing is traced', async () => {
    collector = await startCollector({ dir })
    service = await startAdminService(join(dir, 'journal'), { AUDIT_COLLECTOR_URL: collector.url })
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const hashed = createHash('sha256').update('order-17').digest('hex').slice(0, 32)
    const expected = [
      { requestId: 'order-17', traceId: hashed, spanId: '' },
      { requestId: '7C9E6679-7425-40DE-944B-E07FC1F90AE7', traceId: '7c9e6679742540de944be07fc1f90ae7', spanId: '' },
      { requestId: traceId, traceId, spanId: '' },
      { requestId: `00-${traceId}-00f067aa0ba902b7-01`, traceId, spanId: '00f067aa0ba902b7' },
    ]
    for (const { requestId } of expected) expect(await putSetting(service.url, 'mail', requestId)).toBe(200)
    expect(await service.stop()).toBe(0)
    await collector.stop()
    const asked = recordsOfCollector(collector.outputFile).filter(({ requestId }) => requestId !== '')
    expect(asked.map(({ requestId, traceId, spanId }) => ({ requestId, traceId, spanId }))).toEqual(expected)
    expect(otelAudit('trace-id', 'order-17').text).toContain(hashed)
  })
})

async function putSetting(
  url: string,
  key: string,
  requestId: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const answer = await fetch(`${url}/settings/${key}`, {
    method: 'PUT',
    headers: { 'x-admin-user': 'alice', 'x-request-id': requestId, 'content-type': 'application/json', ...headers },
    body: '{"value":1}',
  })
  await answer.arrayBuffer()
  return answer.status
}
