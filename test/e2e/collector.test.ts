import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  collectorConfig,
  freePorts,
  requireCollector,
  startCollector,
  type CollectorProcess,
} from './collector-process.ts'
import { fakeLoki } from './fake-loki.ts'

const binary = requireCollector()
const recipe = (name: string): string => join(import.meta.dirname, '..', '..', 'deploy', 'collector', name)

function logsRequest(recordId: string): string {
  const attributes = [
    { key: 'audit.record.id', value: { stringValue: recordId } },
    { key: 'audit.sequence.number', value: { intValue: '7' } },
  ]
  const body = { kvlistValue: { values: [{ key: 'name', value: { stringValue: 'Käse & Brot' } }] } }
  const time = { timeUnixNano: '1790000000000000001', observedTimeUnixNano: '1790000000000000002' }
  const logRecords = [{ ...time, eventName: 'admin.store.create', body, attributes }]
  return JSON.stringify({ resourceLogs: [{ resource: { attributes: [] }, scopeLogs: [{ logRecords }] }] })
}

async function post(url: string, recordId: string): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/v1/logs`, { method: 'POST', headers, body: logsRequest(recordId) })
  await answer.arrayBuffer()
  return answer.status
}

function idsIn(file: string): string[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(() => lines.map((line) => JSON.parse(line) as unknown)).not.toThrow()
  return lines.flatMap((line) => [...line.matchAll(/"record-\d+"/g)].map(([id]) => id.slice(1, -1)))
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what()}`)
    await sleep(50)
  }
}

const failed = /^otelcol_exporter_send_failed_log_records(_total)?\{[^}]*exporter="otlp_http\/loki"[^}]*\} [1-9]/m

const numbered = (count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, index) => `record-${String(index + from)}`)

describe.skipIf(binary === undefined)('collector-config.yaml in a real Collector', () => {
  let dir = ''
  let running: CollectorProcess[] = []
  const start = async (options: Omit<Parameters<typeof startCollector>[0], 'dir'>): Promise<CollectorProcess> => {
    const collector = await startCollector({ dir: join(dir, 'collector'), ...options })
    running.push(collector)
    return collector
  }
  const validate = (env: Record<string, string>, ...recipes: string[]): { status: number | null; stderr: string } =>
    spawnSync(
      binary ?? '',
      ['validate', ...[collectorConfig, ...recipes.map(recipe)].flatMap((file) => ['--config', file])],
      { encoding: 'utf8', cwd: dir, env: { PATH: process.env['PATH'], ...env } },
    )

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'audit-collector-'))
  })
  afterEach(async () => {
    await Promise.all(running.map((collector) => collector.kill()))
    running = []
    rmSync(dir, { recursive: true, force: true })
  })

  it.each([
    '',
    '[file]',
    '[debug]',
    '[otlp_http/loki]',
    '[otlp_http/vendor]',
    '[otlp_http/loki, otlp_http/vendor, file]',
  ])('is valid with AUDIT_EXPORTERS=%s', (exporters) => {
    expect(validate(exporters === '' ? {} : { AUDIT_EXPORTERS: exporters })).toMatchObject({ status: 0, stderr: '' })
  })

  it('takes headers for the vendor as a YAML map', () => {
    const env = {
      AUDIT_EXPORTERS: '[otlp_http/vendor]',
      AUDIT_VENDOR_HEADERS: '{Authorization: "Bearer a b", x-key: "1"}',
    }
    expect(validate(env)).toMatchObject({ status: 0, stderr: '' })
  })

  it('refuses an exporter that does not exist, by name', () => {
    const { status, stderr } = validate({ AUDIT_EXPORTERS: '[loki]' })
    expect(status).toBe(1)
    expect(stderr).toContain('"loki"')
  })

  it.each([
    ['traces.yaml', {}],
    ['otlp-grpc.yaml', { AUDIT_EXPORTERS: '[otlp_grpc/vendor]' }],
    ['tls-and-token.yaml', { AUDIT_TOKEN_FILE: 't', AUDIT_TLS_CERT_FILE: 'c', AUDIT_TLS_KEY_FILE: 'k' }],
  ])('is valid together with the recipe %s', (name, env) => {
    expect(validate(env, name)).toMatchObject({ status: 0, stderr: '' })
  })

  it('writes what it acknowledged to the file at once: kill -9 right after the answer loses nothing, a restart appends', async () => {
    const collector = await start({ exporters: ['file'] })
    for (const id of numbered(20)) expect(await post(collector.url, id)).toBe(200)
    await collector.kill()
    expect(idsIn(collector.outputFile)).toEqual(numbered(20))
    await collector.restart()
    expect(await post(collector.url, 'record-21')).toBe(200)
    await collector.stop()
    expect(idsIn(collector.outputFile)).toEqual(numbered(21))
  })

  it('keeps event name, body, times and attributes as they were sent', async () => {
    const collector = await start({ exporters: ['file'] })
    await post(collector.url, 'record-1')
    await collector.stop()
    const [sent] = (JSON.parse(logsRequest('record-1')) as Otlp).resourceLogs[0]!.scopeLogs[0]!.logRecords
    const [kept] = (JSON.parse(readFileSync(collector.outputFile, 'utf8')) as Otlp).resourceLogs[0]!.scopeLogs[0]!
      .logRecords
    expect(kept).toEqual(sent)
  })

  it('delivers what it acknowledged while the backend was down, though it was killed in between', async () => {
    const gone = await fakeLoki()
    await gone.close()
    const collector = await start({ exporters: ['otlp_http/loki'], env: { AUDIT_LOKI_ENDPOINT: gone.endpoint } })
    for (const id of numbered(30)) expect(await post(collector.url, id)).toBe(200)
    await collector.kill()
    const loki = await fakeLoki(gone.port)
    try {
      await collector.restart()
      const arrived = (): string[] => [...new Set(loki.bodies.flatMap((body) => body.match(/record-\d+/g) ?? []))]
      await until(
        () => arrived().length === 30,
        () => `${String(arrived().length)} of 30\n${collector.log()}`,
      )
      expect(arrived().sort()).toEqual(numbered(30).sort())
    } finally {
      await collector.stop()
      await loki.close()
    }
  })

  it('one backend that is down does not keep records from another', async () => {
    const collector = await start({
      exporters: ['otlp_http/loki', 'file'],
      env: { AUDIT_LOKI_ENDPOINT: 'http://127.0.0.1:9/otlp' },
    })
    expect(await post(collector.url, 'record-1')).toBe(200)
    await collector.kill()
    expect(idsIn(collector.outputFile)).toEqual(['record-1'])
  })

  it('keeps records private: directory and queue are readable by their owner only', async () => {
    const collector = await start({ exporters: ['otlp_http/loki'], env: { AUDIT_LOKI_ENDPOINT: 'http://127.0.0.1:9' } })
    const mode = (path: string): number => statSync(path).mode & 0o077
    expect(mode(join(dir, 'collector', 'queue'))).toBe(0)
    await collector.stop()
  })

  it('tries again when the backend says later, and counts for the alert what the backend refuses for good', async () => {
    const loki = await fakeLoki()
    loki.answers.push(503, 429)
    const collector = await start({ exporters: ['otlp_http/loki'], env: { AUDIT_LOKI_ENDPOINT: loki.endpoint } })
    const metrics = async (): Promise<string> => (await fetch(collector.metricsUrl)).text()
    try {
      await post(collector.url, 'record-1')
      await until(
        () => loki.bodies.length === 1,
        () => collector.log(),
      )
      expect(loki.bodies[0]).toContain('record-1')
      expect(await metrics()).not.toMatch(failed)
      loki.answers.push(400)
      await post(collector.url, 'record-2')
      await until(
        () => collector.log().includes('Exporting failed. Dropping data.'),
        () => collector.log(),
      )
      expect(await metrics()).toMatch(failed)
    } finally {
      await collector.kill()
      await loki.close()
    }
  })

  it('reports under the names that deploy/alerts.yaml watches', async () => {
    const collector = await start({
      exporters: ['otlp_http/loki', 'file'],
      env: { AUDIT_LOKI_ENDPOINT: 'http://127.0.0.1:9' },
    })
    await post(collector.url, 'record-1')
    const metrics = await (await fetch(collector.metricsUrl)).text()
    expect(metrics).toMatch(/^otelcol_exporter_queue_size\{data_type="logs",exporter="otlp_http\/loki"\} [1-9]/m)
    expect(metrics).toMatch(/^otelcol_exporter_queue_capacity\{data_type="logs",exporter="otlp_http\/loki"\} [1-9]/m)
    expect(metrics).toMatch(/^otelcol_exporter_sent_log_records(_total)?\{exporter="file"\} 1$/m)
    for (const outcome of ['refused', 'failed']) {
      expect(metrics).toMatch(
        new RegExp(`^otelcol_receiver_${outcome}_log_records(_total)?\\{receiver="otlp/audit"`, 'm'),
      )
    }
    expect(metrics).toMatch(/^otelcol_process_uptime(_seconds)?(_total)? /m)
  })

  it('keeps traces on another port out of the audit pipeline', async () => {
    const tempo = await fakeLoki()
    const [tracesPort = 0] = await freePorts(1)
    const env = {
      TRACES_ENDPOINT: `127.0.0.1:${String(tracesPort)}`,
      TEMPO_ENDPOINT: `http://127.0.0.1:${String(tempo.port)}`,
    }
    const collector = await start({ exporters: ['file'], configs: [recipe('traces.yaml')], env })
    const span = {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      name: 'span-1',
      startTimeUnixNano: '1',
      endTimeUnixNano: '2',
    }
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })
    const send = (base: string): Promise<Response> =>
      fetch(`${base}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect((await send(`http://127.0.0.1:${String(tracesPort)}`)).status).toBe(200)
    expect((await send(collector.url)).status).toBe(404)
    await until(
      () => tempo.bodies.some((received) => received.includes('span-1')),
      () => collector.log(),
    )
    await post(collector.url, 'record-1')
    await collector.stop()
    await tempo.close()
    expect(readFileSync(collector.outputFile, 'utf8')).not.toContain('span-1')
  })

  it('behind the TLS recipe takes records with the right token only', async () => {
    const [cert, key, token] = [join(dir, 'cert.pem'), join(dir, 'key.pem'), join(dir, 'token')] as const
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    const made = spawnSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject])
    expect(made.status).toBe(0)
    writeFileSync(token, 'right-token\n', { mode: 0o600 })
    const env = { AUDIT_TOKEN_FILE: token, AUDIT_TLS_CERT_FILE: cert, AUDIT_TLS_KEY_FILE: key }
    const collector = await start({ exporters: ['file'], configs: [recipe('tls-and-token.yaml')], env })
    const send = (authorization: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', authorization }
        const url = `${collector.url.replace('http:', 'https:')}/v1/logs`
        request(url, { method: 'POST', headers, ca: readFileSync(cert) }, (answer) => {
          answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
        })
          .once('error', reject)
          .end(logsRequest('record-1'))
      })
    expect(await send('Bearer wrong-token')).toBe(401)
    expect(await send('Bearer right-token')).toBe(200)
    await collector.stop()
    expect(idsIn(collector.outputFile)).toEqual(['record-1'])
  })
})

interface Otlp {
  readonly resourceLogs: readonly { readonly scopeLogs: readonly { readonly logRecords: readonly unknown[] }[] }[]
}
