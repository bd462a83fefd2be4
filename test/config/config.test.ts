import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveConfig } from '../../src/config.ts'
import { effectiveSettings } from '../../src/config/effective-settings.ts'
import { isAuditError } from '../../src/errors.ts'
import type { CollectorSettings } from '../../src/delivery/collector-settings.ts'
import { FakeProvider } from '../aggregator/fake-provider.ts'

const disk = new FakeProvider('disk')

function refusal(options: unknown, env: Record<string, string> = {}): string {
  try {
    resolveConfig(options, env)
  } catch (error) {
    if (isAuditError(error) && error.code === 'bad_config') return error.message
    throw error
  }
  throw new Error('expected bad_config')
}

function collectorOf(options: object, env: Record<string, string> = {}): CollectorSettings {
  const { collector } = resolveConfig(options, env)
  if (collector === false) throw new Error('no collector')
  return collector
}

describe('defaults', () => {
  it('everything has one', () => {
    const { resource, ...config } = resolveConfig({}, {})
    expect(resource.attributes['service.name']).toMatch(/^unknown_service/)
    expect(config).toMatchObject({
      journal: {
        dir: resolve('./audit-journal'),
        segmentMaxBytes: 67_108_864,
        maxBytes: Infinity,
        retainMillis: 604_800_000,
        allowNetworkFileSystem: false,
        onQueueFull: 'block',
      },
      collector: {
        url: 'http://localhost:4318/v1/logs',
        headers: {},
        timeoutMillis: 30_000,
        compression: 'none',
        maxRequestBytes: 1_048_576,
        initialBackoffMillis: 1_000,
        maxBackoffMillis: 60_000,
        pauseMillis: 30_000,
      },
      confirmBy: 'durable',
      providerTimeoutMillis: 5_000,
      maxRecordBytes: 1_048_576,
      redact: {},
      providers: [],
      enrichers: [],
      shutdownOnSignals: [],
      warnings: [],
    })
  })

  it('without a collector delivered and undelivered records alike are kept for ever', () => {
    for (const [options, env] of [
      [{ collector: false }, {}],
      [{ collector: 'none' }, {}],
      [{ collector: { url: 'none' } }, {}],
      [{}, { AUDIT_COLLECTOR_URL: 'none' }],
      [{}, { AUDIT_COLLECTOR: 'none' }],
    ] as const) {
      expect(resolveConfig(options, env)).toMatchObject({ collector: false, journal: { retainMillis: Infinity } })
    }
  })
})

describe('precedence', () => {
  it('code wins over AUDIT_*, which wins over OTEL_*', () => {
    const env = {
      AUDIT_COLLECTOR_TIMEOUT_MILLIS: '2000',
      OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '3000',
      OTEL_EXPORTER_OTLP_TIMEOUT: '4000',
    }
    expect(collectorOf({ collector: { timeoutMillis: 1_000 } }, env).timeoutMillis).toBe(1_000)
    expect(collectorOf({}, env).timeoutMillis).toBe(2_000)
    expect(collectorOf({}, { ...env, AUDIT_COLLECTOR_TIMEOUT_MILLIS: '' }).timeoutMillis).toBe(3_000)
    expect(collectorOf({}, { OTEL_EXPORTER_OTLP_TIMEOUT: '4000' }).timeoutMillis).toBe(4_000)
  })

  it('a code setting that is undefined or null is not given', () => {
    expect(
      resolveConfig({ providerTimeoutMillis: undefined, journal: null, confirmBy: null }, {}).providerTimeoutMillis,
    ).toBe(5_000)
  })

  it('scalars come from their variables', () => {
    const config = resolveConfig(
      { providers: [disk] },
      {
        AUDIT_SERVICE_NAME: 'shop',
        AUDIT_JOURNAL_DIR: '/var/lib/audit',
        AUDIT_JOURNAL_SEGMENT_MAX_BYTES: '100000',
        AUDIT_JOURNAL_MAX_BYTES: '9000000',
        AUDIT_JOURNAL_RETAIN: '36h',
        AUDIT_JOURNAL_ALLOW_NETWORK_FILE_SYSTEM: 'true',
        AUDIT_ON_QUEUE_FULL: 'refuse',
        AUDIT_CONFIRM_BY: 'journal, disk',
        AUDIT_PROVIDER_TIMEOUT_MILLIS: '700',
        AUDIT_MAX_RECORD_BYTES: '70000',
        AUDIT_REDACT_KEYS: 'pin,iban',
        AUDIT_SHUTDOWN_ON_SIGNALS: 'SIGTERM,SIGINT',
      },
    )
    expect(config.resource.attributes['service.name']).toBe('shop')
    expect(config).toMatchObject({
      journal: { dir: '/var/lib/audit', segmentMaxBytes: 100_000, maxBytes: 9_000_000, retainMillis: 129_600_000 },
      confirmBy: ['journal', 'disk'],
      providerTimeoutMillis: 700,
      maxRecordBytes: 70_000,
      redact: { keys: ['pin', 'iban'] },
      shutdownOnSignals: ['SIGTERM', 'SIGINT'],
      warnings: [],
    })
    expect(config.journal).toMatchObject({ allowNetworkFileSystem: true, onQueueFull: 'refuse' })
  })

  it('confirmBy, redact and journal read their words from the environment', () => {
    expect(resolveConfig({}, { AUDIT_CONFIRM_BY: 'all' }).confirmBy).toBe('all')
    expect(resolveConfig({}, { AUDIT_CONFIRM_BY: 'durable' }).confirmBy).toBe('durable')
    expect(resolveConfig({}, { AUDIT_REDACT: 'false' }).redact).toBe(false)
    expect(resolveConfig({ providers: [disk] }, { AUDIT_JOURNAL: 'false' }).journal).toBe(false)
  })

  it.each([
    [5_000, 5_000],
    ['7d', 604_800_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['forever', Infinity],
    [Infinity, Infinity],
    [0, 0],
  ])('journal.retain %s is %i ms', (retain, millis) => {
    expect(resolveConfig({ journal: { retain } }, {}).journal).toMatchObject({ retainMillis: millis })
  })
})

describe('the address', () => {
  it.each([
    ['http://collector:4318', 'http://collector:4318/v1/logs'],
    ['http://collector:4318/', 'http://collector:4318/v1/logs'],
    ['https://collector/otlp/', 'https://collector/otlp/v1/logs'],
    ['https://collector/v1/logs', 'https://collector/v1/logs'],
    ['https://collector/v1/audit/', 'https://collector/v1/audit'],
    ['https://collector/base?key=1', 'https://collector/base/v1/logs?key=1'],
  ])('%s is a base to which the path is added: %s', (url, expected) => {
    expect(collectorOf({ collector: { url } }).url).toBe(expected)
    expect(collectorOf({}, { AUDIT_COLLECTOR_URL: url }).url).toBe(expected)
  })

  it('OTEL addresses: the one for logs verbatim, the general one with the path', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://general:4318/base'
    expect(collectorOf({}, { OTEL_EXPORTER_OTLP_ENDPOINT }).url).toBe('http://general:4318/base/v1/logs')
    const env = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://logs/x', OTEL_EXPORTER_OTLP_ENDPOINT }
    expect(collectorOf({}, env).url).toBe('http://logs/x')
    expect(collectorOf({}, { ...env, AUDIT_COLLECTOR_URL: 'http://audit' }).url).toBe('http://audit/v1/logs')
  })

  it.each(['localhost:4318', 'ftp://collector', 'not an address', '/v1/logs'])('%s is refused', (url) => {
    expect(refusal({ collector: { url } })).toContain('collector.url must be an http: or https: address')
    expect(refusal({}, { AUDIT_COLLECTOR_URL: url })).toContain('AUDIT_COLLECTOR_URL must be')
  })

  it('a password in the address is refused and not shown', () => {
    const message = refusal({ collector: { url: 'https://me:secret@collector' } })
    expect(message).toContain('collector.headers')
    expect(message).not.toContain('secret')
    expect(refusal({ collector: { url: 'ftp://me:secret@collector' } })).not.toContain('secret')
  })

  it.each([
    'me:secret@collector:4318',
    'me:se?secret@collector',
    '//me:se/secret@collector',
    'https://me:secret@[collector',
    'http:me:secret@',
    'collector:4318?token=me@secret',
    'collector:4318?token=secret',
    'collector:4318#secret',
    'http://[collector?token=secret',
  ])('what is no address may still hold a secret, which no message shows: %s', (address) => {
    const messages = [
      refusal({ collector: { url: address } }),
      refusal({}, { AUDIT_COLLECTOR_URL: address }),
      refusal({}, { OTEL_EXPORTER_OTLP_ENDPOINT: address }),
    ]
    for (const message of messages) expect(message).not.toMatch(/secret|\bme\b/)
    const settings = effectiveSettings({ collector: { url: address } }, {})
    expect(settings.find(({ name }) => name === 'collector.url')?.value).not.toMatch(/secret|\bme\b/)
  })

  it('nor does one about an address where true or false is asked for', () => {
    expect(refusal({ collector: 'https://me:secret@c' })).toContain('not "https://…@c"')
    expect(refusal({}, { AUDIT_COLLECTOR: 'https://c/otlp?token=secret' })).toContain('not "https://c/otlp?…"')
  })

  it('an address is shown as far as it can be', () => {
    expect(refusal({}, { AUDIT_COLLECTOR_URL: 'me:secret@collector:4318?a=1' })).toContain('not "…@collector:4318?…"')
    expect(refusal({}, { AUDIT_COLLECTOR_URL: 'collector:4318' })).toContain('not "collector:4318"')
  })

  it('protocol grpc is refused where the address is OTEL’s, and nowhere else', () => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://general:4317' }
    expect(refusal({}, env)).toContain('OTEL_EXPORTER_OTLP_PROTOCOL=grpc: audit records are sent by OTLP/HTTP only')
    expect(collectorOf({}, { ...env, AUDIT_COLLECTOR_URL: 'http://audit' }).url).toBe('http://audit/v1/logs')
    expect(collectorOf({}, { ...env, OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/protobuf' }).url).toContain('general')
  })

  it('a collector without a journal is refused in code and passed over in the environment', () => {
    const options = { journal: false, providers: [disk] }
    expect(refusal({ ...options, collector: { url: 'http://c' } })).toContain('collector needs the journal')
    expect(resolveConfig(options, { AUDIT_COLLECTOR_URL: 'http://c' }).collector).toBe(false)
  })
})

describe('headers', () => {
  const otel = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x,a=1', OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'a=2' }

  it('OTEL headers are used only with an OTEL address', () => {
    expect(collectorOf({}, otel).headers).toEqual({})
    expect(collectorOf({ collector: { url: 'http://c' } }, otel).headers).toEqual({})
    const headers = collectorOf({}, { ...otel, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }).headers
    expect(headers).toEqual({ authorization: 'Bearer x', a: '2' })
  })

  it('OTEL headers that cannot be read stop the start only where they are used', () => {
    const unreadable = { OTEL_EXPORTER_OTLP_HEADERS: 'api-key abc%zz' }
    expect(collectorOf({}, unreadable).headers).toEqual({})
    expect(collectorOf({}, { ...unreadable, AUDIT_COLLECTOR_URL: 'http://c' }).headers).toEqual({})
    expect(effectiveSettings({}, unreadable)).toContainEqual({
      name: 'collector.headers',
      value: 'none',
      source: 'default',
    })
    const used = { ...unreadable, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }
    expect(refusal({}, used)).toContain('OTEL_EXPORTER_OTLP_HEADERS must read key=value')
    expect(collectorOf({ collector: { headers: { a: '1' } } }, used).headers).toEqual({ a: '1' })
  })

  it('AUDIT_COLLECTOR_HEADERS and code go to whatever address there is', () => {
    expect(collectorOf({}, { AUDIT_COLLECTOR_HEADERS: 'x-scope=t%2C1' }).headers).toEqual({ 'x-scope': 't,1' })
    const headers = () => ({ authorization: 'Bearer fresh' })
    expect(collectorOf({ collector: { headers } }).headers).toBe(headers)
  })

  it('headers that cannot be sent are refused, their values not shown', () => {
    expect(refusal({ collector: { headers: { 'bad name': 'x' } } })).toContain('"bad name" is not a header name')
    const message = refusal({ collector: { headers: { authorization: 'secret\r\nx: y' } } })
    expect(message).toContain('"authorization" must be a string without line breaks')
    expect(message).not.toContain('secret')
    expect(refusal({}, { AUDIT_COLLECTOR_HEADERS: 'novalue' })).toContain('AUDIT_COLLECTOR_HEADERS must read key=value')
    expect(refusal({}, { AUDIT_COLLECTOR_HEADERS: 'a=%zz' })).toContain('percent-encoding')
  })
})
