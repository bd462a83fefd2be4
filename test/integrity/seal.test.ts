import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { encodeResource, encodeScope } from '../../src/integrity/encode-envelope.ts'
import { encodeRecord, sealRecord } from '../../src/integrity/seal.ts'
import type { RecordFields } from '../../src/integrity/sealed-record.ts'
import type { OtlpLogRecord, OtlpLogs } from '../../src/otlp/otlp-log-record.ts'
import { fieldsOf, onlyRecord, signingVectors } from './signing-vectors.ts'

const bare: RecordFields = {
  timeUnixNano: '1714041600000000001',
  observedTimeUnixNano: '1714041600001000002',
  eventName: 'admin.store.create',
  traceId: '',
  spanId: '',
  body: undefined,
  attributes: {},
}
const streamId = '6f1c9a52-3c1b-4a57-9a55-0a8c0d1e2f30'
const hash = 'ab'.repeat(32)

/** JavaScript has one number type: a double without a fraction comes in as an integer. */
const withWholeDoubles = ['02-all-types', '07-doubles']

describe('encodeRecord', () => {
  it.each(signingVectors.filter(({ name }) => !withWholeDoubles.includes(name)))(
    'gives the canonical text of vector $name',
    (vector) => {
      const record = onlyRecord(JSON.parse(vector.input) as OtlpLogs)
      const { canonical } = encodeRecord(fieldsOf(record), undefined)
      expect(canonical).toBe(vector.canonical)
      expect(sealRecord(fieldsOf(record), undefined).hash).toBe(vector.canonical_sha256)
    },
  )

  it('writes the members in OTLP order and leaves out what is unset', () => {
    const { wire, canonical } = encodeRecord(
      {
        ...bare,
        traceId: 'a'.repeat(32),
        spanId: 'b'.repeat(16),
        body: { z: null, a: [1, 'x'] },
        attributes: { k: true },
      },
      undefined,
    )
    expect(wire).toBe(
      '{"timeUnixNano":"1714041600000000001","observedTimeUnixNano":"1714041600001000002",' +
        '"body":{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"x"}]}}},{"key":"z","value":{}}]}},' +
        `"attributes":[{"key":"k","value":{"boolValue":true}}],"traceId":"${'a'.repeat(32)}","spanId":"${'b'.repeat(16)}","eventName":"admin.store.create"}`,
    )
    expect(canonical).toBe(
      '{"attributes":{"k":{"boolValue":true}},"body":{"a":[{"intValue":"1"},{"stringValue":"x"}],"z":null},"event_name":"admin.store.create",' +
        `"observed_timestamp":"1714041600001000002","span_id":"${'b'.repeat(16)}","timestamp":"1714041600000000001","trace_id":"${'a'.repeat(32)}"}`,
    )
    const nothing: RecordFields = { ...bare, timeUnixNano: '0', observedTimeUnixNano: '0', eventName: '', body: null }
    expect(encodeRecord(nothing, undefined)).toEqual({ wire: '{}', canonical: '{}' })
  })

  it.each([
    ['between its neighbours', { 'audit.schema.version': '1.0.0', 'audit.source.id': 'x' }],
    ['behind all keys', { 'audit.action': 'a', 'audit.sequence.end': true }],
    ['before all keys', { 'tenant.id': 't' }],
    ['among unsorted keys', { 'tenant.id': 't', 'audit.action': 'a', b: 1 }],
    ['alone', {}],
    ['in place of attributes of its names', { 'audit.sequence.number': 9, 'audit.sequence.previous_hash': 'q' }],
    ['around a key between its own', { 'audit.sequence.previous_record_id': 'p' }],
    ['beside unsigned keys', { 'audit.integrity.signer': 'producer', x: 1 }],
  ])('puts the position %s', (_, attributes) => {
    for (const previousHash of ['', hash]) {
      const { wire, canonical } = encodeRecord({ ...bare, attributes }, { streamId, number: 7, previousHash })
      const record = JSON.parse(wire) as OtlpLogRecord
      const expected: Record<string, unknown> = {
        ...attributes,
        'audit.sequence.number': 7,
        'audit.sequence.stream_id': streamId,
        'audit.sequence.previous_hash': previousHash,
      }
      if (previousHash === '') delete expected['audit.sequence.previous_hash']
      const keys = Object.keys(expected).sort()
      expect(record.attributes!.map(({ key }) => key)).toEqual(keys)
      const signed = (JSON.parse(canonical) as { attributes: Record<string, unknown> }).attributes
      expect(Object.keys(signed)).toEqual(keys.filter((key) => !key.startsWith('audit.integrity.')))
      expect(signed['audit.sequence.number']).toEqual({ intValue: '7' })
      expect(signed['audit.sequence.stream_id']).toEqual({ stringValue: streamId })
      expect(signed['audit.sequence.previous_hash']).toEqual(previousHash === '' ? undefined : { stringValue: hash })
    }
  })

  it.each([
    [0, '{"intValue":"0"}'],
    [-0, '{"intValue":"0"}'],
    [-7, '{"intValue":"-7"}'],
    [2 ** 53, '{"doubleValue":9007199254740992}'],
    [1.5e-7, '{"doubleValue":1.5e-7}'],
    [1e21, '{"doubleValue":1e+21}'],
    [2n ** 63n - 1n, '{"intValue":"9223372036854775807"}'],
    [-(2n ** 63n), '{"intValue":"-9223372036854775808"}'],
    [true, '{"boolValue":true}'],
    ['"\\\n\u2028\u007f\u0001é', '{"stringValue":"\\"\\\\\\n\u2028\u007f\\u0001é"}'],
    [new Uint8Array([251, 255]), '{"bytesValue":"+/8="}'],
    [new Uint8Array(0), '{"bytesValue":""}'],
  ])('tags %o alike on the wire and in the canonical form', (value, text) => {
    const { wire, canonical } = encodeRecord({ ...bare, body: value, attributes: { k: value } }, undefined)
    expect(wire).toContain(`"body":${text},"attributes":[{"key":"k","value":${text}}]`)
    expect(canonical).toContain(`{"attributes":{"k":${text}},"body":${text},`)
  })

  it('keeps own keys that look like the prototype, and takes none from it', () => {
    const body = JSON.parse('{"constructor":1,"__proto__":2}') as unknown
    expect(encodeRecord({ ...bare, body }, undefined).canonical).toContain(
      '"body":{"__proto__":{"intValue":"2"},"constructor":{"intValue":"1"}}',
    )
    const inherited = Object.create({ stray: 1 }) as Record<string, unknown>
    inherited['own'] = 1
    expect(encodeRecord({ ...bare, attributes: inherited }, undefined).wire).not.toContain('stray')
    Object.assign(Object.prototype, { stray: 1 })
    try {
      const { wire } = encodeRecord({ ...bare, body: { a: 1 }, attributes: { a: 1 } }, undefined)
      expect(wire).not.toContain('stray')
    } finally {
      Reflect.deleteProperty(Object.prototype, 'stray')
    }
  })

  it.each([
    ['NaN', NaN, 'the number NaN'],
    ['an infinity', -Infinity, 'the number -Infinity'],
    ['an integer beyond int64', 2n ** 63n, 'an integer beyond 64 bits'],
    ['a lone surrogate', 'a\ud800', 'lone surrogate'],
    ['a lone surrogate in a key', { '\udc00': 1 }, 'lone surrogate'],
    ['a function', () => 1, 'a value of type function'],
    ['a Date', [new Date(0)], 'neither array, bytes nor plain object'],
  ])('refuses %s as corrupt', (_, body, message) => {
    const refused = { name: 'AuditError', code: 'corrupt', message: expect.stringContaining(message) as string }
    expect(() => encodeRecord({ ...bare, body }, undefined)).toThrow(expect.objectContaining(refused))
    expect(() => encodeRecord({ ...bare, attributes: { k: body } }, undefined)).toThrow(
      expect.objectContaining(refused),
    )
  })

  it('refuses ids and times that are not what they should be', () => {
    for (const wrong of [
      { traceId: 'A'.repeat(32) },
      { traceId: '0'.repeat(32) },
      { traceId: '"' },
      { spanId: 'a'.repeat(32) },
      { timeUnixNano: '' },
      { observedTimeUnixNano: '1.5' },
    ]) {
      expect(() => encodeRecord({ ...bare, ...wrong }, undefined)).toThrow(expect.objectContaining({ code: 'corrupt' }))
    }
  })

  it('takes 128 levels and 2 MiB, and not one more', () => {
    const nested = (levels: number): unknown => Array.from({ length: levels }).reduce((inner: unknown) => [inner], 'x')
    expect(() => encodeRecord({ ...bare, body: nested(128) }, undefined)).not.toThrow()
    expect(() => encodeRecord({ ...bare, body: nested(129) }, undefined)).toThrow(/nested deeper than 128/)
    const rest = encodeRecord({ ...bare, body: '' }, undefined).canonical.length
    const room = 2 * 1024 * 1024 - rest
    expect(() => encodeRecord({ ...bare, body: 'é'.repeat(Math.floor(room / 2)) }, undefined)).not.toThrow()
    expect(() => encodeRecord({ ...bare, body: 'x'.repeat(room) }, undefined)).not.toThrow()
    expect(() => encodeRecord({ ...bare, body: 'x'.repeat(room + 1) }, undefined)).toThrow(/2097152 bytes/)
    expect(() => encodeRecord({ ...bare, body: '€'.repeat(room / 3 + 1) }, undefined)).toThrow(/2097152 bytes/)
  })

  it('hashes the UTF-8 bytes of the canonical text', () => {
    const fields = { ...bare, body: { grüße: '日本語😀' } }
    const { canonical } = encodeRecord(fields, undefined)
    expect(sealRecord(fields, undefined).hash).toBe(createHash('sha256').update(canonical, 'utf8').digest('hex'))
  })

  it('stays right when callers bring more distinct keys than it remembers', () => {
    for (let index = 0; index < 10_000; index++) {
      const attributes = { [`k${index}`]: 'v', [`l${index % 7}`]: index }
      const { canonical } = encodeRecord({ ...bare, attributes }, undefined)
      expect(canonical).toContain(
        `{"attributes":{"k${index}":{"stringValue":"v"},"l${index % 7}":{"intValue":"${index}"}},`,
      )
    }
  })
})

describe('encodeResource and encodeScope', () => {
  it('give OTLP/JSON text', () => {
    expect(encodeResource({ 'service.name': 'shop', 'host.cpu': 2, list: ['a'], none: undefined })).toBe(
      '{"attributes":[{"key":"host.cpu","value":{"intValue":"2"}},{"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"}]}}},{"key":"service.name","value":{"stringValue":"shop"}}]}',
    )
    expect(encodeResource({})).toBe('{"attributes":[]}')
    expect(encodeScope('otel-audit', '0.1.0')).toBe('{"name":"otel-audit","version":"0.1.0"}')
    expect(encodeScope('', undefined)).toBe('{}')
  })
})
