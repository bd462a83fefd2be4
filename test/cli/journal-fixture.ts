import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sealRecord } from '../../src/integrity/seal.ts'
import type { RecordFields } from '../../src/integrity/sealed-record.ts'
import { linePrefixBytes, sealLine } from '../../src/journal/line.ts'
import { segmentFileName } from '../../src/journal/names.ts'

export interface FixtureRecord {
  readonly eventName?: string
  readonly actor?: string
  readonly outcome?: string
  readonly requestId?: string
  readonly traceId?: string
  readonly body?: unknown
  /** Default: its number, after `from`. */
  readonly millis?: number
  readonly attributes?: Readonly<Record<string, unknown>>
}

export interface FixtureStream {
  readonly id: string
  readonly directory: string
  /** One segment file a group of lines. */
  readonly files: readonly string[]
  readonly hashes: readonly string[]
  readonly recordIds: readonly string[]
}

export function scratchDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'otel-audit-cli-'))
}

/** A time within 2026, so many milliseconds after a fixed beginning. */
export function nanosAt(millis: number): string {
  return String((1_795_000_000_000n + BigInt(millis)) * 1_000_000n)
}

/**
 * Writes a stream as the journal writes it: `segments` holds segments of lines of records.
 * Record n of the stream is observed `n` milliseconds after `from`.
 */
export function writeStream(
  journal: string,
  segments: readonly (readonly (readonly FixtureRecord[])[])[],
  { id = randomUUID(), from = 0 }: { id?: string; from?: number } = {},
): FixtureStream {
  const directory = join(journal, id)
  mkdirSync(directory, { recursive: true })
  const files: string[] = []
  const hashes: string[] = []
  const recordIds: string[] = []
  let number = 0
  let previousHash = ''
  for (const [generation, lines] of segments.entries()) {
    const first = number + 1
    const parts: Buffer[] = []
    for (const records of lines) {
      const durable = number
      const lineFirst = number + 1
      const wires = records.map((record) => {
        number++
        const recordId = randomUUID()
        recordIds.push(recordId)
        const sealed = sealRecord(fields(record, recordId, record.millis ?? from + number), {
          streamId: id,
          number,
          previousHash,
        })
        previousHash = sealed.hash
        hashes.push(sealed.hash)
        return sealed.wire
      })
      parts.push(encodeLine(wires, { stream: id, first: lineFirst, last: number, durable, head: previousHash }))
    }
    const file = join(directory, segmentFileName(first, generation + 1))
    writeFileSync(file, Buffer.concat(parts))
    files.push(file)
  }
  return { id, directory, files, hashes, recordIds }
}

export function encodeLine(
  wires: readonly string[],
  header: { stream: string; first: number; last: number; durable: number; head: string },
): Buffer {
  const rest = `"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"fixture"}}]},"scopeLogs":[{"scope":{"name":"otel-audit"},"logRecords":[${wires.join(',')}]}]}]}\n`
  const bytes = Buffer.alloc(linePrefixBytes + Buffer.byteLength(rest))
  bytes.write(rest, linePrefixBytes)
  sealLine(bytes, 0, bytes.length, header)
  return bytes
}

function fields(record: FixtureRecord, recordId: string, millis: number): RecordFields {
  const attributes: Record<string, unknown> = {
    'audit.action': 'create_store',
    'audit.actor.id': record.actor ?? 'alice',
    'audit.actor.type': 'user',
    'audit.outcome': record.outcome ?? 'success',
    'audit.record.id': recordId,
    ...(record.requestId === undefined ? {} : { 'audit.request.id': record.requestId }),
    'audit.schema.version': '1.0.0',
    'audit.target.id': '7',
    'audit.target.type': 'store',
    ...record.attributes,
  }
  return {
    timeUnixNano: nanosAt(millis),
    observedTimeUnixNano: nanosAt(millis),
    eventName: record.eventName ?? 'admin.store.create',
    traceId: record.traceId ?? '',
    spanId: '',
    body: record.body,
    attributes: Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}
