import { describe, expect, it } from 'vitest'
import type { OtlpLogs } from '../../src/otlp/otlp-log-record.ts'
import { auditIdentity, integerAttribute, recordsOf, stringAttribute } from '../../src/otlp/records.ts'

const record = {
  attributes: [
    { key: 'audit.record.id', value: { stringValue: 'r' } },
    { key: 'audit.sequence.end', value: { boolValue: true } },
    { key: 'audit.sequence.number', value: { intValue: '12' } },
    { key: 'audit.sequence.previous_hash', value: { stringValue: 'ab' } },
    { key: 'audit.sequence.stream_id', value: { stringValue: 's' } },
  ],
}

describe('recordsOf', () => {
  it('gives each record with its resource and scope, in order', () => {
    const logs: OtlpLogs = {
      resourceLogs: [
        { resource: { attributes: [] }, scopeLogs: [{ scope: { name: 'a' }, logRecords: [{ eventName: '1' }] }, {}] },
        {},
        { scopeLogs: [{ logRecords: [{ eventName: '2' }, { eventName: '3' }] }] },
      ],
    }
    expect([...recordsOf(logs)]).toEqual([
      { record: { eventName: '1' }, resource: { attributes: [] }, scope: { name: 'a' } },
      { record: { eventName: '2' }, resource: undefined, scope: undefined },
      { record: { eventName: '3' }, resource: undefined, scope: undefined },
    ])
  })
})

describe('attribute readers', () => {
  it('read values of their own type only', () => {
    expect(stringAttribute(record, 'audit.record.id')).toBe('r')
    expect(stringAttribute(record, 'audit.sequence.number')).toBeUndefined()
    expect(integerAttribute(record, 'audit.sequence.number')).toBe(12)
    expect(integerAttribute({ attributes: [{ key: 'n', value: { intValue: -3 } }] }, 'n')).toBe(-3)
    expect(integerAttribute(record, 'audit.record.id')).toBeUndefined()
    expect(
      integerAttribute({ attributes: [{ key: 'n', value: { intValue: '9007199254740993' } }] }, 'n'),
    ).toBeUndefined()
    expect(integerAttribute({ attributes: [{ key: 'n', value: { intValue: '1.5' } }] }, 'n')).toBeUndefined()
    expect(stringAttribute({}, 'x')).toBeUndefined()
  })
})

describe('auditIdentity', () => {
  it('reads what names a record and its place in its stream', () => {
    expect(auditIdentity(record)).toEqual({ recordId: 'r', streamId: 's', number: 12, previousHash: 'ab', end: true })
    const nobody = { recordId: undefined, streamId: undefined, number: undefined, previousHash: '', end: false }
    expect(auditIdentity({})).toEqual(nobody)
    const wrongTypes = record.attributes.map(({ key }) => ({ key, value: { doubleValue: 1 } }))
    expect(auditIdentity({ attributes: wrongTypes })).toEqual(nobody)
  })
})
