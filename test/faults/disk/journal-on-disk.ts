import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { verifyJournal } from '../verify-journal.ts'
import type { Outcome } from './protocol.ts'

export interface RecordOnDisk {
  readonly stream: string
  readonly number: number
  readonly recordId: string
  readonly eventName: string
  /** The Body's values by key, as they stand there. */
  readonly body: Readonly<Record<string, string>>
}

interface Value {
  readonly stringValue?: string
  readonly intValue?: string
}

interface Pair {
  readonly key: string
  readonly value: Value
}

interface LogRecord {
  readonly eventName: string
  readonly attributes: readonly Pair[]
  readonly body?: { readonly kvlistValue?: { readonly values: readonly Pair[] } }
}

interface Line {
  readonly resourceLogs: readonly { readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[] }[]
}

const text = ({ stringValue, intValue }: Value): string => stringValue ?? intValue ?? ''
const values = (pairs: readonly Pair[] = []): Record<string, string> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, text(value)]))

/**
 * Every record of a journal once, by plain means. Fails when a number stands twice with different bytes or when the
 * numbers of a stream have a gap.
 */
export function recordsOnDisk(journal: string): RecordOnDisk[] {
  const seen = new Map<string, string>()
  const records: RecordOnDisk[] = []
  for (const stream of readdirSync(journal).filter((name) => name.length === 36)) {
    const ofStream = readdirSync(path.join(journal, stream))
      .filter((name) => name.endsWith('.otlp.jsonl'))
      .sort()
      .flatMap((name) => readFileSync(path.join(journal, stream, name), 'utf8').split('\n'))
      .flatMap((line) => recordsOf(line, stream))
      .filter((record) => {
        const key = `${stream} ${record.number}`
        const same = JSON.stringify(record)
        expect(seen.get(key) ?? same, `${key} stands twice with different content`).toBe(same)
        const first = !seen.has(key)
        seen.set(key, same)
        return first
      })
      .sort((a, b) => a.number - b.number)
    const numbers = ofStream.map(({ number }) => number)
    expect(numbers, `the numbers of ${stream}`).toEqual(numbers.map((_, index) => index + 1))
    records.push(...ofStream)
  }
  return records
}

function recordsOf(line: string, stream: string): RecordOnDisk[] {
  let parsed: Line
  try {
    parsed = JSON.parse(line) as Line
  } catch {
    return [] // torn
  }
  return parsed.resourceLogs
    .flatMap(({ scopeLogs }) => scopeLogs)
    .flatMap(({ logRecords }) => logRecords)
    .map(({ eventName, attributes, body }) => {
      const attribute = values(attributes)
      return {
        stream,
        number: Number(attribute['audit.sequence.number']),
        recordId: attribute['audit.record.id'] ?? '',
        eventName,
        body: values(body?.kvlistValue?.values),
      }
    })
}

/** The gap records of a journal, summed by reason. */
export function gapsOf(records: readonly RecordOnDisk[]): Record<string, number> {
  const gaps: Record<string, number> = {}
  for (const { eventName, body } of records) {
    if (eventName !== 'audit.pipeline.gap') continue
    const reason = body['reason'] ?? ''
    gaps[reason] = (gaps[reason] ?? 0) + Number(body['unconfirmed'])
  }
  return gaps
}

/**
 * What must hold of a journal whatever happened: everything acknowledged is there under the number that was told, no
 * number has two contents, no stream has a gap, and `otel-audit verify` finds nothing in the bytes on disk.
 */
export async function checkJournal(journal: string, acknowledged: readonly Outcome[]): Promise<RecordOnDisk[]> {
  const records = recordsOnDisk(journal)
  const byId = new Map(records.map((record) => [record.recordId, record]))
  const missing = acknowledged.filter(({ recordId, stream, number }) => {
    const record = byId.get(recordId)
    return record?.stream !== stream || record?.number !== number
  })
  expect(missing, 'acknowledged and not on disk').toEqual([])
  expect((await verifyJournal(journal)).alarms).toEqual([])
  return records
}
