import { sealRecord } from '../../src/integrity/seal.ts'
import type { TrailLogRecord } from '../../src/integrity/trail-report.ts'
import type { OtlpLogRecord } from '../../src/otlp/otlp-log-record.ts'

export const streamA = 'aaaaaaaa-0000-4000-8000-000000000000'
export const streamB = 'bbbbbbbb-0000-4000-8000-000000000000'

export interface MadeRecord extends TrailLogRecord {
  readonly hash: string
}

export const recordIdOf = (streamId: string, number: number): string =>
  `${streamId.slice(0, 8)}-0000-4000-9000-${String(number).padStart(12, '0')}`

/** A sound stream of `count` records, one a line; `change` alters the fields of a record before it is sealed. */
export function makeStream(
  count: number,
  { streamId = streamA, end = false, start = { number: 1, previousHash: '' }, note = '' } = {},
): MadeRecord[] {
  let { previousHash } = start
  return Array.from({ length: count }, (_, index) => {
    const number = start.number + index
    const attributes = {
      'audit.action': 'create_store',
      'audit.record.id': recordIdOf(streamId, number),
      ...(end && index === count - 1 && { 'audit.sequence.end': true }),
    }
    const { wire, hash } = sealRecord(
      {
        timeUnixNano: String(1_700_000_000_000_000_000n + BigInt(number)),
        observedTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(number)),
        eventName: 'admin.store.create',
        traceId: '',
        spanId: '',
        body: { name: `store ${number}${note}` },
        attributes,
      },
      { streamId, number, previousHash },
    )
    previousHash = hash
    return { record: JSON.parse(wire) as OtlpLogRecord, source: 'trail.jsonl', line: index + 1, hash }
  })
}

/** The record with other content, its place in the stream as before. */
export function altered(made: MadeRecord): MadeRecord {
  return { ...made, record: { ...made.record, eventName: 'admin.store.delete' } }
}

/** The record with one attribute replaced. */
export function withAttribute(made: MadeRecord, key: string, value: string | undefined): MadeRecord {
  const attributes = (made.record.attributes ?? []).flatMap((entry) =>
    entry.key === key ? (value === undefined ? [] : [{ key, value: { stringValue: value } }]) : [entry],
  )
  return { ...made, record: { ...made.record, attributes } }
}
