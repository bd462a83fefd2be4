import { createHash, randomUUID } from 'node:crypto'
import { AuditError } from '../../src/errors.ts'
import type {
  DeliverableLine,
  DeliveryCursor,
  JournalSource,
  SetAsideEntry,
  SourceStream,
} from '../../src/journal/journal-source.ts'
import { linePrefixBytes, sealLine } from '../../src/journal/line.ts'

export interface FakeRecord {
  readonly action?: string
  readonly timeMillis?: number
  readonly padding?: number
}

/** A stream of an in-memory journal: real lines, one reused buffer, as the docstrings of the seam allow. */
export class FakeStream implements SourceStream {
  readonly id = randomUUID()
  live = false
  cursor: DeliveryCursor = { number: 0, hash: '' }
  readonly lines: { first: number; last: number; headHash: string; bytes: Buffer }[] = []
  readonly hashes: string[] = ['']
  readonly recordIds: string[] = ['']
  readonly advances: DeliveryCursor[] = []
  #buffer = Buffer.alloc(0)
  #at = 0

  get last(): number {
    return this.lines.at(-1)?.last ?? 0
  }

  /** Appends one line with these records. */
  append(records: readonly FakeRecord[]): void {
    const first = this.last + 1
    const texts = records.map((record) => this.#seal(record))
    const last = first + records.length - 1
    const headHash = this.hashes[last] ?? ''
    const resource = '{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}'
    const text = `"resourceLogs":[${resource},"scopeLogs":[{"scope":{"name":"otel-audit"},"logRecords":[${texts.join(',')}]}]}]}`
    const bytes = Buffer.alloc(linePrefixBytes + Buffer.byteLength(text) + 1)
    bytes.write(text, linePrefixBytes)
    sealLine(bytes, 0, bytes.length, { stream: this.id, first, last, durable: first - 1, head: headHash })
    this.lines.push({ first, last, headHash, bytes: bytes.subarray(0, -1) })
  }

  readLines(maxBytes: number): DeliverableLine[] {
    const found: DeliverableLine[] = []
    let size = 0
    while (this.#at > 0 && (this.lines[this.#at - 1]?.last ?? 0) > this.cursor.number) this.#at--
    while ((this.lines[this.#at]?.last ?? Infinity) <= this.cursor.number) this.#at++
    // What an earlier read gave is no longer valid: whoever still looks at it sees rubbish.
    this.#buffer.fill(0)
    this.#buffer = Buffer.alloc(0)
    const chosen: (typeof this.lines)[number][] = []
    for (let at = this.#at; at < this.lines.length; at++) {
      const line = this.lines[at]
      if (line === undefined || (chosen.length > 0 && size + line.bytes.length > maxBytes)) break
      chosen.push(line)
      size += line.bytes.length
    }
    this.#buffer = Buffer.concat(chosen.map((line) => line.bytes))
    let offset = 0
    for (const { first, last, headHash, bytes } of chosen) {
      found.push({ first, last, headHash, bytes: this.#buffer.subarray(offset, offset + bytes.length) })
      offset += bytes.length
    }
    return found
  }

  advance(cursor: DeliveryCursor): void {
    if (cursor.number <= this.cursor.number) throw new Error(`the cursor went back to ${cursor.number}`)
    if (cursor.hash !== this.hashes[cursor.number]) throw new Error(`wrong hash for ${cursor.number}`)
    this.cursor = cursor
    this.advances.push(cursor)
  }

  #seal(record: FakeRecord): string {
    const number = this.hashes.length
    const recordId = randomUUID()
    const previous = this.hashes[number - 1] ?? ''
    this.recordIds.push(recordId)
    this.hashes.push(createHash('sha256').update(`${this.id}/${number}`).digest('hex'))
    const text = (key: string, value: string): string =>
      `{"key":${JSON.stringify(key)},"value":{"stringValue":${JSON.stringify(value)}}}`
    const attributes = [
      text('audit.record.id', recordId),
      text('audit.action', record.action ?? 'create_store'),
      text('audit.sequence.stream_id', this.id),
      `{"key":"audit.sequence.number","value":{"intValue":"${number}"}}`,
      ...(previous === '' ? [] : [text('audit.sequence.previous_hash', previous)]),
      ...(record.padding === undefined ? [] : [text('padding', 'ä'.repeat(record.padding / 2))]),
    ]
    const nanos = BigInt(record.timeMillis ?? 1_700_000_000_000 + number) * 1_000_000n
    return `{"timeUnixNano":"${nanos}","body":{"kvlistValue":{"values":[{"key":"√","value":{"doubleValue":0.1}}]}},"attributes":[${attributes.join(',')}]}`
  }
}

export class FakeJournal implements JournalSource {
  readonly streams: FakeStream[] = []
  readonly setAsides: SetAsideEntry[] = []
  /** How many of the next calls of `setAside` fail as on a full disk. */
  fullFor = 0
  flushes = 0
  readonly #listeners = new Set<() => void>()

  stream(live = false): FakeStream {
    const stream = new FakeStream()
    stream.live = live
    this.streams.push(stream)
    return stream
  }

  /** A stream with that many records in lines of `perLine`. */
  filled(records: number, perLine = 512, make: (index: number) => FakeRecord = () => ({})): FakeStream {
    const stream = this.stream()
    for (let at = 0; at < records; at += perLine) {
      const size = Math.min(perLine, records - at)
      stream.append(Array.from({ length: size }, (_, index) => make(at + index + 1)))
    }
    return stream
  }

  nextStream(after?: string): FakeStream | undefined {
    const from = after === undefined ? 0 : this.streams.findIndex((stream) => stream.id === after) + 1
    return this.streams.slice(from).find((stream) => stream.cursor.number < stream.last)
  }

  onMore(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  more(): void {
    for (const listener of this.#listeners) listener()
  }

  setAside(entry: SetAsideEntry): void {
    if (this.fullFor > 0) {
      this.fullFor--
      throw new AuditError('disk_full', 'no space left on the device')
    }
    const stream = this.streams.find((one) => one.id === entry.stream)
    if (stream === undefined || stream.cursor.number >= entry.number) throw new Error('the cursor passed it before')
    this.setAsides.push(entry)
  }

  async flushCursors(): Promise<void> {
    this.flushes++
  }

  get undelivered(): number {
    return this.streams.reduce((sum, stream) => sum + stream.last - stream.cursor.number, 0)
  }
}
