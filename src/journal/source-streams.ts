import type { ReportProblem } from '../errors.ts'
import { CursorFile, segmentBytes, startCursor, writeDelivered } from './cursor.ts'
import type { FileSystem } from './file-system.ts'
import type { DeliverableLine, DeliveryCursor, SourceStream } from './journal-source.ts'
import type { Lock } from './lock.ts'
import { segmentsOf } from './names.ts'
import type { Segment } from './segment.ts'
import { StreamReader, type ReadableSegment, type ReadDamage } from './stream-reader.ts'
import type { StreamTail } from './stream-tail.ts'

export abstract class KeptStream implements SourceStream {
  abstract readonly live: boolean
  readonly id: string
  readonly directory: string
  protected readonly fs: FileSystem
  protected readonly reader: StreamReader
  #cursor: DeliveryCursor
  readonly #file: CursorFile
  #changed = false
  #savedThrough = 0
  readonly #onAdvance: () => void

  constructor(
    fs: FileSystem,
    directory: string,
    id: string,
    cursor: DeliveryCursor,
    segments: () => readonly ReadableSegment[],
    onDamage: (damage: ReadDamage) => void,
    onAdvance: () => void,
    saved: DeliveryCursor = startCursor,
  ) {
    this.fs = fs
    this.#onAdvance = onAdvance
    this.directory = directory
    this.id = id
    this.#cursor = cursor
    this.#file = new CursorFile(fs, directory, id, saved)
    this.reader = new StreamReader(fs, directory, id, segments, onDamage)
  }

  get cursor(): DeliveryCursor {
    return this.#cursor
  }

  readLines(maxBytes: number): DeliverableLine[] {
    return this.reader.read(this.#cursor.number, maxBytes)
  }

  advance(cursor: DeliveryCursor): void {
    if (cursor.number <= this.#cursor.number) return
    this.#cursor = cursor
    this.#changed = true
    this.reader.passed(cursor.number)
    this.#onAdvance()
  }

  /** The number of records after the cursor. */
  abstract get undelivered(): number

  /** When the oldest record after the cursor was seen. */
  oldestUndelivered(): Date | undefined {
    const line = this.readLines(1)[0]
    if (line === undefined) return undefined
    const text = Buffer.from(line.bytes.buffer, line.bytes.byteOffset, line.bytes.length).toString('latin1')
    const nanos = /"observedTimeUnixNano":"(\d+)"/.exec(text)?.[1]
    return nanos === undefined ? undefined : new Date(Number(nanos.slice(0, -6)))
  }

  /** The highest number whose delivery is on disk: what lies before it may be deleted after a while. */
  get savedThrough(): number {
    return this.#savedThrough
  }

  async saveCursor(): Promise<void> {
    if (!this.#changed) return
    this.#changed = false
    const cursor = this.#cursor
    try {
      await this.#file.save(cursor)
      this.#savedThrough = cursor.number
    } catch (error) {
      this.#changed = true
      throw error
    }
  }

  /** Everything readable is delivered: says so durably. A stream without a readable record is marked as well. */
  async finish(): Promise<void> {
    await this.saveCursor()
    await writeDelivered(this.fs, this.directory, this.id, this.#cursor, this.bytes)
  }

  /** Size of the segments as far as they are read. */
  protected abstract get bytes(): number

  close(): void {
    this.reader.close()
  }
}

/** The stream that this process writes, as far as it is durable. */
export class LiveStream extends KeptStream {
  readonly live = true
  readonly #durable: () => number

  constructor(
    fs: FileSystem,
    stream: {
      readonly directory: string
      readonly id: string
      readonly segments: readonly Segment[]
      readonly durable: number
    },
    report: ReportProblem,
    onAdvance: () => void,
  ) {
    // All that is read of it is durable, so whatever is damaged is corrupt.
    const onDamage = (damage: ReadDamage): void => report(describe(stream.directory, damage, Infinity))
    super(fs, stream.directory, stream.id, startCursor, () => readable(stream.segments), onDamage, onAdvance)
    this.#durable = () => stream.durable
  }

  get undelivered(): number {
    return this.#durable() - this.cursor.number
  }

  protected get bytes(): number {
    return segmentBytes(this.fs, this.directory)
  }
}

function readable(segments: readonly Segment[]): ReadableSegment[] {
  const list: ReadableSegment[] = []
  for (const { name, first, durableEnd, size, state, replaced } of segments) {
    if (replaced) continue
    const complete = state === 'failed' || (state !== 'open' && durableEnd === size)
    list.push({ name, first, readableEnd: durableEnd, complete })
  }
  return list
}

/** A stream of another life, adopted for delivery: read to its end, then marked as delivered. Never written. */
export class AdoptedStream extends KeptStream {
  readonly live = false
  readonly tail: StreamTail
  readonly #segments: readonly ReadableSegment[]
  readonly #lock: Lock | undefined

  constructor(
    fs: FileSystem,
    directory: string,
    id: string,
    cursor: DeliveryCursor,
    /** How far it had been delivered when its tail was lost. Its file stays: it is what shows the loss. */
    lost: DeliveryCursor | undefined,
    tail: StreamTail,
    lock: Lock | undefined,
    report: ReportProblem,
    onAdvance: () => void,
  ) {
    const segments = completeSegments(fs, directory)
    super(
      fs,
      directory,
      id,
      cursor,
      () => segments,
      (damage) => report(describe(directory, damage, Math.max(tail.durable, lost?.number ?? 0))),
      onAdvance,
      lost,
    )
    this.tail = tail
    this.#segments = segments
    this.#lock = lock
  }

  get undelivered(): number {
    return this.tail.last - this.cursor.number
  }

  protected get bytes(): number {
    return this.#segments.reduce((sum, { readableEnd }) => sum + readableEnd, 0)
  }

  override close(): void {
    super.close()
    this.#lock?.release()
  }
}

/**
 * Without the empty ones: a segment that could not be opened to the end may have left one behind, and its number says
 * nothing of where that record stands.
 */
function completeSegments(fs: FileSystem, directory: string): ReadableSegment[] {
  return segmentsOf(fs.list(directory))
    .map(({ name, first }) => ({ name, first, readableEnd: fs.sizeOf(`${directory}/${name}`), complete: true }))
    .filter(({ readableEnd }) => readableEnd > 0)
}

/** Torn is not corrupt: what lies above the durable mark was never acknowledged. */
function describe(directory: string, damage: ReadDamage, durable: number): Parameters<ReportProblem>[0] {
  const place = `${directory}/${damage.segment}${damage.offset === undefined ? '' : ` at byte ${damage.offset}`}`
  const numbers =
    damage.last === undefined || damage.last === damage.first
      ? `record ${damage.first}`
      : `records ${damage.first} to ${damage.last}`
  return damage.first > durable
    ? {
        code: 'torn',
        message: `audit journal: ${place}: a torn tail from ${numbers} on, never acknowledged; left in place`,
      }
    : {
        code: 'corrupt',
        message: `audit journal: ${place}: ${numbers} can't be read though acknowledged; run otel-audit verify and keep the file`,
      }
}
