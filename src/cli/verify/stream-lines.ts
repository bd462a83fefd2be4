import { isAuditError } from '../../errors.ts'
import { parseOtlpLogs, recordsOf, type OtlpLogRecord, type TrailRecord } from '../../integrity/index.ts'
import { readCursor, readDelivered } from '../../journal/cursor.ts'
import { nodeFileSystem } from '../../journal/file-system.ts'
import { decodeLine, type LineHeader } from '../../journal/line.ts'
import { isStreamName } from '../../journal/names.ts'
import { fileLines } from '../file-lines.ts'
import type { SegmentFile, StreamDirectory } from '../journal-files.ts'
import type { Adoptions } from './adoptions.ts'
import { judgeDamage, recordIdIn, type DamagedLine, type JudgedFinding } from './damage.ts'
import { NumberRanges } from '../number-ranges.ts'
import { stillGrows } from './still-grows.ts'

/** One stream of a journal: its lines judged as lines, its records handed on to the chain. */
export class StreamLines {
  readonly #stream: StreamDirectory
  readonly #whole: boolean
  readonly #adoptions: Adoptions
  readonly #sound = new NumberRanges()
  readonly #damaged: DamagedLine[] = []
  #streamId: string
  #durable = 0
  #next = 1

  constructor(stream: StreamDirectory, whole: boolean, adoptions: Adoptions) {
    this.#stream = stream
    this.#whole = whole
    this.#adoptions = adoptions
    this.#streamId = stream.id
  }

  async *records(): AsyncGenerator<TrailRecord, void, undefined> {
    const { segments } = this.#stream
    this.#next = segments[0]?.first ?? 1
    for (const segment of segments) yield* this.#segment(segment, segment === segments.at(-1))
  }

  /** After all streams were read: what the damaged lines mean, and whether the end is there. */
  findings(): JudgedFinding[] {
    const { path, id } = this.#stream
    const cursor = this.#whole
      ? (readDelivered(nodeFileSystem, path, id) ?? readCursor(nodeFileSystem, path, id))
      : undefined
    const adopted = this.#adoptions.of(this.#streamId)
    const known = Math.max(this.#durable, cursor?.number ?? 0, adopted?.lastNumber ?? 0)
    const knowledge = {
      streamId: this.#streamId,
      durable: known,
      isSound: (number: number) => this.#sound.has(number),
      recordedAsTorn: adopted?.torn ?? false,
    }
    const findings = this.#damaged.map((damage) => judgeDamage(damage, knowledge))
    const last = Math.max(this.#sound.highest, this.#next - 1)
    const cutThere = this.#damaged.some(({ number }) => number > last)
    if (cursor !== undefined && cursor.number > last && !cutThere) {
      const message = `records ${last + 1} to ${cursor.number} are missing at the end: the delivery cursor knows of them`
      const place = { streamId: this.#streamId, number: last + 1, recordId: undefined, source: path, line: 0 }
      findings.push({ kind: 'tail_lost', level: 'error', ...place, message })
    }
    return findings
  }

  async *#segment(segment: SegmentFile, newest: boolean): AsyncGenerator<TrailRecord, void, undefined> {
    const source = segment.path
    let end = 0
    let highest = 0
    for await (const { bytes, line, complete, offset } of fileLines(source)) {
      end = offset + bytes.length
      if (!complete) {
        if (newest && (await stillGrows(source, end))) continue
        this.#damage({ source, line, why: 'cut', number: this.#next, recordId: recordIdIn(bytes) })
        continue
      }
      const decoded = decodeLine(bytes)
      if (decoded.ok) {
        const { first, last } = decoded.header
        if (line === 1 && segment.first !== 0 && first !== segment.first) {
          yield { damage: 'corrupt', source, line, ...nameDiffers(decoded.header, segment.first) }
        }
        // Only within one file is the order certain: after a fault, lines are written again to a later segment.
        yield* this.#soundLine(source, line, decoded.header, bytes, first <= highest)
        highest = Math.max(highest, last)
      } else {
        this.#damage({ source, line, why: decoded.reason, number: this.#next, recordId: recordIdIn(bytes) })
        yield* this.#damagedLine(source, line, bytes)
      }
    }
  }

  *#soundLine(
    source: string,
    line: number,
    header: LineHeader,
    bytes: Uint8Array,
    ordered: boolean,
  ): Generator<TrailRecord, void, undefined> {
    const { stream, first, last, durable, head } = header
    const place = { source, line, streamId: stream, number: first }
    if (!isStreamName(this.#streamId)) this.#streamId = stream
    if (stream !== this.#streamId) {
      yield { damage: 'corrupt', ...place, message: `a line of stream ${stream} among those of ${this.#streamId}` }
    } else {
      this.#sound.add(first, last)
      this.#durable = Math.max(this.#durable, durable)
      this.#next = Math.max(this.#next, last + 1)
    }
    const records = readRecords(bytes)
    if ('damage' in records) {
      yield { ...records, ...place }
      return
    }
    if (records.length !== last - first + 1) {
      const message = `the line's header tells of ${last - first + 1} records, the line holds ${records.length}`
      yield { damage: 'corrupt', ...place, message }
    }
    for (const [i, record] of records.entries()) {
      this.#adoptions.note(record)
      const placed = { record, source, line, ordered }
      yield i === records.length - 1 ? { ...placed, expectedHash: head } : placed
    }
  }

  /** What can still be read of a damaged line takes part in the chain: that tells which record was changed. */
  *#damagedLine(source: string, line: number, bytes: Uint8Array): Generator<TrailRecord, void, undefined> {
    const records = readRecords(bytes)
    if ('damage' in records) return
    this.#next += records.length
    for (const record of records) yield { record, source, line }
  }

  #damage(damage: DamagedLine): void {
    if (this.#damaged.length < maxDamagedLines) this.#damaged.push(damage)
  }
}

function nameDiffers(
  { stream, first }: LineHeader,
  named: number,
): { streamId: string; number: number; message: string } {
  return { streamId: stream, number: first, message: `the segment begins with record ${first}, its name says ${named}` }
}

const maxDamagedLines = 10_000

/** A line's records, read strictly, or why two readers could not agree on them. */
export function readRecords(
  bytes: Uint8Array,
): OtlpLogRecord[] | { readonly damage: 'corrupt' | 'ambiguous'; readonly message: string } {
  try {
    return Array.from(recordsOf(parseOtlpLogs(bytes)), ({ record }) => record)
  } catch (error) {
    if (!isAuditError(error)) throw error
    return { damage: error.code === 'ambiguous' ? 'ambiguous' : 'corrupt', message: error.message }
  }
}
