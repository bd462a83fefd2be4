import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../src/event/audit-event.ts'
import { toLogRecord } from '../../src/event/log-record.ts'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import { sealRecord } from '../../src/integrity/seal.ts'
import { minimal } from './event-samples.ts'

const prepare = createEventPreparer()

/** Seals an event's record; throws where it has no canonical form, such as above 2 MiB (rule I2). */
function seal(event: AuditEvent): string {
  const { eventName, attributes, body } = toLogRecord(event)
  const timeUnixNano = `${event.occurredAt.getTime()}000000`
  const fields = {
    timeUnixNano,
    observedTimeUnixNano: timeUnixNano,
    eventName,
    traceId: '',
    spanId: '',
    body,
    attributes,
  }
  return sealRecord(fields, { streamId: 's', number: 1, previousHash: '' }).hash
}

describe('every event that is accepted has a canonical form', () => {
  const worst = '\u0001'
  it.each([
    ['one large text', { details: { text: worst.repeat(1_000_000) } }],
    ['the largest text that is kept', { details: { text: worst.repeat(174_000) } }],
    [
      'the longest fields',
      {
        ...Object.fromEntries(
          [
            'adminUserId',
            'action',
            'targetType',
            'targetId',
            'userAgent',
            'requestId',
            'actorName',
            'targetName',
            'ipAddress',
          ].map((name) => [name, worst.repeat(8192)]),
        ),
        details: { text: worst.repeat(160_000) },
      },
    ],
    [
      'the longest keys, altered and redacted',
      {
        details: Object.fromEntries(
          Array.from({ length: 300 }, (_, i) => [`${i}${worst.repeat(500)}${i % 2 ? 'token' : ''}`, Number.NaN]),
        ),
      },
    ],
    ['many small numbers', { details: { list: new Array(26_000).fill(-1.2345678901234567e-300) } }],
    ['large attributes', { attributes: { a: worst.repeat(1_000_000), b: new Array(30_000).fill(1) } }],
    [
      'int64 and keys of objects',
      { details: JSON.parse('{"__proto__":{"constructor":1}}') as object, attributes: { big: 2n ** 62n } },
    ],
  ])('%s', (_name, fields) => {
    expect(seal(prepare({ ...minimal, ...fields }))).toMatch(/^[0-9a-f]{64}$/)
  })

  it('whatever it holds', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    })
    fc.assert(
      fc.property(anything, anything, (details, attribute) => {
        expect(seal(prepare({ ...minimal, details: { details }, attributes: { attribute } }))).toHaveLength(64)
      }),
      { numRuns: 500 },
    )
  })
})
