import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { AuditError } from '../../errors.ts'
import { readCursor, readDelivered } from '../../journal/cursor.ts'
import { nodeFileSystem } from '../../journal/file-system.ts'
import { decodeLine, type LineHeader } from '../../journal/line.ts'
import { isStreamName } from '../../journal/names.ts'
import type { OtlpLogRecord } from '../../otlp/otlp-log-record.ts'
import { parseOtlpLogs } from '../../otlp/parse-otlp-logs.ts'
import { fileLines } from '../file-lines.ts'
import type { SegmentFile, StreamDirectory } from '../journal-files.ts'
import type { Finding } from './finding.ts'
import { NumberRanges } from './number-ranges.ts'

/** The records of one line, and what its header says of them. */
export interface JournalLine {
  readonly file: string
  readonly line: number
  /** Absent when the line's checksum is wrong: its records are still compared, to find the one that was changed. */
  readonly header?: LineHeader
  readonly records: readonly OtlpLogRecord[]
}

interface Damage {
  readonly kind: 'wrong_crc' | 'unreadable' | 'torn'
  readonly file: string
  readonly line: number
  /** The number that the damaged line would have begun with. */
  readonly number: number
  readonly stream: string
  readonly recordIds: readonly string[]
  readonly why: string
}

/**
 * Reads the lines of one stream in order and judges them as lines: checksum, header, readability. Damage below what
 * was durable is corruption; above it is a torn tail; where the same numbers stand whole in a later segment it is what
 * a fault left behind.
 */
export class StreamLines {
  readonly #stream: StreamDirectory
  readonly #found: (finding: Finding) => void
  readonly #sound = new NumberRanges()
  readonly #damages: Damage[] = []
  #durable = 0
  #next = 1
  records = 0
  bytes = 0

  constructor(stream: StreamDirectory, found: (finding: Finding) => void) {
    this.#stream = stream
    this.#found = found
  }

  async *lines(): AsyncGenerator<JournalLine, void, undefined> {
    const { segments } = this.#stream
    this.#next = segments[0]?.first ?? 1
    for (const [i, segment] of segments.entries()) {
      yield* this.#segment(segment, i === segments.length - 1)
    }
    this.#judgeDamages()
  }

  /** After all lines: was anything taken off the end that had been delivered or durable? */
  judgeEnd(): void {
    const { id, path } = this.#stream
    const marker = readDelivered(nodeFileSystem, path, id) ?? readCursor(nodeFileSystem, path, id)
    const known = Math.max(this.#durable, marker?.number ?? 0)
    if (known <= this.#sound.highest) return
    this.#found({
      kind: 'tail_lost',
      alarm: true,
      stream: id,
      number: this.#sound.highest + 1,
      file: path,
      message: `records ${this.#sound.highest + 1} to ${known} are missing at the end: ${marker?.number === known ? 'the delivery cursor' : 'a later line'} knows of record ${known}`,
    })
  }

  async *#segment(segment: SegmentFile, newest: boolean): AsyncGenerator<JournalLine, void, undefined> {
    const file = segment.path
    let size = 0
    for await (const { bytes, line, complete } of fileLines(file)) {
      size += bytes.length + 1
      if (!complete) {
        if (newest && (await stillGrows(file, size - 1))) continue
        this.#damage('torn', file, line, bytes, 'the line is cut off')
        continue
      }
      const decoded = decodeLine(bytes)
      if (!decoded.ok) {
        const kind = decoded.reason === 'wrong_crc' ? 'wrong_crc' : 'unreadable'
        this.#damage(kind, file, line, bytes, kind === 'wrong_crc' ? 'its checksum is wrong' : 'it has no valid header')
        const records = readRecords(bytes)
        if (records instanceof AuditError) continue
        this.#next += records.length
        this.records += records.length
        yield { file, line, records }
        continue
      }
      const { header } = decoded
      const records = readRecords(bytes)
      if (records instanceof AuditError) {
        this.#alarm(records.code, file, line, header.first, records.message)
        continue
      }
      this.#compare(file, line, header, records.length)
      this.#sound.add(header.first, header.last)
      this.#durable = Math.max(this.#durable, header.durable)
      this.#next = Math.max(this.#next, header.last + 1)
      this.records += records.length
      yield { file, line, header, records }
    }
    this.bytes += size
  }

  #compare(file: string, line: number, header: LineHeader, count: number): void {
    const expected = header.last - header.first + 1
    if (count !== expected) {
      this.#alarm('header', file, line, header.first, `its header tells of ${expected} records, it holds ${count}`)
    }
    const { id } = this.#stream
    if (isStreamName(id) && header.stream !== id) {
      const message = `a line of stream ${header.stream} stands in the directory of ${id}`
      this.#alarm('misplaced', file, line, header.first, message)
    }
  }

  #alarm(kind: string, file: string, line: number, number: number, message: string): void {
    this.#found({ kind, alarm: true, stream: this.#stream.id, number, file, line, message })
  }

  #damage(kind: Damage['kind'], file: string, line: number, bytes: Uint8Array, why: string): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
    const recordIds = [...text.matchAll(/"audit\.record\.id","value":\{"stringValue":"([0-9a-f-]{36})"/g)].flatMap(
      ([, id]) => id ?? [],
    )
    this.#damages.push({ kind, file, line, number: this.#next, stream: this.#stream.id, recordIds, why })
  }

  #judgeDamages(): void {
    for (const { kind, file, line, number, stream, recordIds, why } of this.#damages) {
      const rewritten = this.#sound.has(number)
      const torn = !rewritten && number > this.#durable
      const consequence = rewritten
        ? 'its records stand whole elsewhere in the stream'
        : torn
          ? 'nothing behind it was known to be durable: what a crash leaves, or a cut'
          : `record ${number} was durable`
      this.#found({
        kind: torn && kind !== 'wrong_crc' ? 'torn' : rewritten && kind === 'torn' ? 'torn' : kind,
        alarm: !(rewritten && kind === 'torn'),
        stream,
        number,
        ...(recordIds[0] === undefined ? {} : { recordId: recordIds[0] }),
        file,
        line,
        message: `${why}; ${consequence}`,
      })
    }
  }
}

/** The records of a line, read strictly; the refusal when two readers could differ about them. */
export function readRecords(bytes: Uint8Array): OtlpLogRecord[] | AuditError {
  try {
    return parseOtlpLogs(bytes)
      .resourceLogs.flatMap(({ scopeLogs = [] }) => scopeLogs)
      .flatMap(({ logRecords = [] }) => logRecords)
  } catch (error) {
    if (error instanceof AuditError) return error
    throw error
  }
}

/** A running service may be in the middle of writing a line; give it a moment. */
async function stillGrows(file: string, size: number): Promise<boolean> {
  for (let i = 0; i < 5; i++) {
    if ((await stat(file)).size > size) return true
    await sleep(20)
  }
  return false
}
