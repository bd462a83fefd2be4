import { AuditError, type ReportProblem } from '../errors.ts'
import { ArenaPool, type Arena } from './arena.ts'
import { diskError, systemCode } from './disk-error.ts'
import type { FileSystem } from './file-system.ts'
import { linePrefixBytes, maxLineBytes, maxLineRecords, requestOpening, requestClosing, sealLine } from './line.ts'
import { createSegment, type Segment } from './segment.ts'
import type { SyncEngine, SyncResult } from './sync.ts'

/** Where the next record of a stream stands. Re-used from record to record: read it at once. */
export interface NextPosition {
  readonly streamId: string
  readonly number: number
  readonly previousHash: string
}

/** How records become text. The journal itself knows only bytes and sequence numbers. */
export interface RecordCodec<R> {
  /** @throws AuditError when the record can't be sealed; then nothing has happened. */
  seal(record: R, position: NextPosition): { readonly wire: string; readonly hash: string }
  /** The text between `"resourceLogs":[` and the first record; the same string for records of the same resource. */
  opening(record: R): string
  /** The text after the last record that closes what `opening` opened. */
  readonly closing: string
}

/** Who waits for a record. Called once, from the event loop or from inside a call that had to wait for the disk. */
export interface AppendWaiter {
  durable(streamId: string, number: number, hash: string): void
  refused(error: AuditError): void
}

export interface StreamWriterSettings<R> {
  readonly id: string
  readonly journalDirectory: string
  readonly segmentMaxBytes: number
  readonly fs: FileSystem
  readonly engine: SyncEngine
  readonly codec: RecordCodec<R>
  readonly arenas: ArenaPool
  readonly report: ReportProblem
  /** Lines became durable. */
  readonly onDurable: () => void
  /** The stream is over without end: both the segment and the one that replaced it failed. */
  readonly onFailed: (error: AuditError) => void
}

interface Line {
  readonly first: number
  last: number
  opening: string
  arena: Arena
  start: number
  end: number
  readonly hashes: string[]
  readonly waiters: (AppendWaiter | undefined)[]
  /** The segment that it was written to last, and where it ends there. */
  segment: Segment
  segmentEnd: number
}

const comma = 44

/**
 * Writes one stream, from its first record to its end. Group commit: records gather in a line until the tick is over
 * or the line is full; the line is written at once and acknowledged when an fdatasync issued after that write has
 * succeeded, all earlier lines are acknowledged, the directories have been fsynced and the file still has a name.
 */
export class StreamWriter<R> {
  readonly id: string
  readonly directory: string
  /** Every segment made so far, oldest first. */
  readonly segments: Segment[] = []
  readonly #settings: StreamWriterSettings<R>
  readonly #next: { streamId: string; number: number; previousHash: string }
  #state: 'open' | 'closed' | 'failed' = 'open'
  /** Written and not acknowledged, oldest first. */
  #unacknowledged: Line[] = []
  #line: Line | undefined
  #arena: Arena
  #generation = 0
  #durable = 0
  #durableHash = ''
  /** Lines through this number were written once more; a failure before they are durable ends the stream. */
  #secondTryThrough = 0
  #syncing: Segment | undefined
  #unsyncedBytes = 0
  #unsyncedRecords = 0
  #bytesWritten = 0
  #directories: number[] = []
  #idle: (() => void)[] = []

  /** Makes the directory and the first segment. @throws the system's error. */
  constructor(settings: StreamWriterSettings<R>) {
    this.#settings = settings
    this.id = settings.id
    this.directory = `${settings.journalDirectory}/${settings.id}`
    this.#next = { streamId: settings.id, number: 1, previousHash: '' }
    settings.fs.makeDirectory(this.directory)
    this.#arena = settings.arenas.take(0)
    this.#openSegment(1)
  }

  get state(): 'open' | 'closed' | 'failed' {
    return this.#state
  }

  /** The highest acknowledged number, 0 when there is none. */
  get durable(): number {
    return this.#durable
  }

  get durableHash(): string {
    return this.#durableHash
  }

  /** Bytes in all segments of the stream. */
  get bytesWritten(): number {
    return this.#bytesWritten
  }

  get unsyncedBytes(): number {
    return this.#unsyncedBytes
  }

  get unsyncedRecords(): number {
    return this.#unsyncedRecords
  }

  /**
   * Takes a record. False: the stream is over and the record is untouched; give it to the next stream.
   * @throws AuditError when the record can't be sealed.
   */
  append(record: R, waiter: AppendWaiter | undefined): boolean {
    if (this.#state !== 'open') return false
    const { codec } = this.#settings
    const opening = codec.opening(record)
    const next = this.#next
    const { wire, hash } = codec.seal(record, next)
    // A UTF-16 unit is at most three bytes of UTF-8.
    let room = wire.length * 3 + 1 + codec.closing.length + requestClosing.length + 1
    let line = this.#line
    if (line !== undefined && line.end - line.start + room > maxLineBytes) {
      room += Buffer.byteLength(wire) - wire.length * 3
      if (line.end - line.start + room > maxLineBytes) line = this.#close(line)
    }
    if (line !== undefined && line.opening !== opening) line = this.#close(line)
    if (this.#state !== 'open') return false
    line ??= this.#begin(opening, next.number, room)
    if (line.end + room > line.arena.bytes.length) this.#move(line, room)
    const { bytes } = line.arena
    if (line.hashes.length > 0) bytes[line.end++] = comma
    line.end += bytes.write(wire, line.end, 'utf8')
    line.last = next.number
    line.hashes.push(hash)
    line.waiters.push(waiter)
    this.#unsyncedRecords++
    next.number++
    next.previousHash = hash
    if (line.hashes.length >= maxLineRecords || line.end - line.start >= maxLineBytes) this.#close(line)
    return true
  }

  /** Hands what was gathered to the kernel (a synchronous write) and starts the sync. */
  write(): void {
    if (this.#line !== undefined) this.#close(this.#line)
  }

  /** Nothing is waiting to be written or synced. */
  get settled(): boolean {
    return this.#line === undefined && this.#unacknowledged.length === 0
  }

  /** Calls back when everything taken so far is acknowledged or refused. */
  whenSettled(callback: () => void): void {
    if (this.settled) callback()
    else this.#idle.push(callback)
  }

  /** Blocks until a sync in flight is done. False: not within the time. */
  waitForSync(timeoutMillis: number): boolean {
    return this.#settings.engine.wait(timeoutMillis)
  }

  /** Orderly end: call when settled. */
  close(): void {
    if (this.#state === 'open') this.#state = 'closed'
    this.#closeDescriptors()
  }

  #begin(opening: string, first: number, room: number): Line {
    const size = linePrefixBytes + requestOpening.length + Buffer.byteLength(opening) + room
    if (this.#arena.end + size > this.#arena.bytes.length) {
      if (this.#arena.lines === 0) this.#settings.arenas.giveBack(this.#arena)
      this.#arena = this.#settings.arenas.take(size)
    }
    const arena = this.#arena
    const start = arena.end
    let end = start + linePrefixBytes
    end += arena.bytes.write(requestOpening, end, 'latin1')
    end += arena.bytes.write(opening, end, 'utf8')
    const line = {
      first,
      last: first,
      opening,
      arena,
      start,
      end,
      hashes: [],
      waiters: [],
      segment: this.#current(),
      segmentEnd: 0,
    }
    this.#line = line
    return line
  }

  /** The line in progress outgrew its arena: carries it over to another. */
  #move(line: Line, room: number): void {
    const size = line.end - line.start
    const arena = this.#settings.arenas.take(Math.max(size + room, maxLineBytes + 4096))
    line.arena.bytes.copy(arena.bytes, 0, line.start, line.end)
    if (line.arena.lines === 0) this.#settings.arenas.giveBack(line.arena)
    line.arena = arena
    line.start = 0
    line.end = size
    this.#arena = arena
  }

  #close(line: Line): undefined {
    const { bytes } = line.arena
    line.end += bytes.write(this.#settings.codec.closing, line.end, 'latin1')
    line.end += bytes.write(requestClosing, line.end, 'latin1') + 1
    const head = line.hashes[line.hashes.length - 1] ?? ''
    const header = { stream: this.id, first: line.first, last: line.last, durable: this.#durable, head }
    sealLine(bytes, line.start, line.end, header)
    line.arena.end = line.end
    line.arena.lines++
    this.#line = undefined
    this.#unacknowledged.push(line)
    this.#unsyncedBytes += line.end - line.start
    const segment = this.#segmentFor(line)
    const failure = this.#writeTo(segment, line)
    if (failure === undefined) this.#sync()
    else this.#segmentFailed(segment, failure)
  }

  /** The open segment, or the next one when this line would make it too large. */
  #segmentFor(line: Line): Segment {
    const current = this.#current()
    if (current.size === 0 || current.size + line.end - line.start <= this.#settings.segmentMaxBytes) return current
    try {
      const segment = this.#openSegment(line.first)
      current.state = 'sealed'
      return segment
    } catch (cause) {
      // No new file to be had: a segment larger than asked loses nothing.
      this.#settings.report({
        code: diskError(systemCode(cause), '').code,
        message: `audit journal: no new segment in ${this.directory} (${systemCode(cause)}); the present one grows on`,
        cause,
      })
      return current
    }
  }

  #current(): Segment {
    const current = this.segments[this.segments.length - 1]
    if (current === undefined) throw new Error('a stream has a segment from the first moment')
    return current
  }

  #openSegment(first: number): Segment {
    const { fs, journalDirectory } = this.#settings
    let segment: Segment
    try {
      segment = createSegment(fs, this.directory, first, this.#generation + 1)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      fs.makeDirectory(this.directory) // the directory was removed or renamed under us
      segment = createSegment(fs, this.directory, first, this.#generation + 1)
    }
    this.#generation++
    try {
      const directories = [fs.openDirectory(this.directory), fs.openDirectory(journalDirectory)]
      this.#retire(this.#directories)
      this.#directories = directories
    } catch (error) {
      fs.close(segment.fd)
      throw error
    }
    this.segments.push(segment)
    return segment
  }

  /** Descriptors that a sync in flight may still use are closed after it. */
  #retire(descriptors: number[]): void {
    if (descriptors.length === 0) return
    const close = (): void => descriptors.forEach((fd) => this.#settings.fs.close(fd))
    if (this.#syncing === undefined) close()
    else this.#afterSync.push(close)
  }

  readonly #afterSync: (() => void)[] = []

  #writeTo(segment: Segment, line: Line): string | undefined {
    const length = line.end - line.start
    try {
      const written = this.#settings.fs.write(segment.fd, line.arena.bytes, line.start, length)
      segment.size += written
      this.#bytesWritten += written
      line.segment = segment
      line.segmentEnd = segment.size
      return written === length ? undefined : 'ENOSPC'
    } catch (error) {
      return systemCode(error)
    }
  }

  #sync(): void {
    if (this.#syncing !== undefined || this.#state === 'failed') return
    const segment = this.#unacknowledged[0]?.segment ?? this.#current()
    if (!isWritable(segment.state) || segment.durableEnd === segment.size) return
    const through = segment.size
    this.#syncing = segment
    const request = { file: segment.fd, directories: segment.named ? [] : this.#directories }
    this.#settings.engine.request(request, (result) => this.#synced(segment, through, result))
  }

  #synced(segment: Segment, through: number, result: SyncResult): void {
    this.#syncing = undefined
    for (const action of this.#afterSync.splice(0)) action()
    if (this.#state === 'failed') return
    if (!result.ok) {
      if (isWritable(segment.state)) this.#segmentFailed(segment, result.code)
    } else if (!result.linked) {
      if (isWritable(segment.state)) this.#segmentLostItsName(segment)
    } else if (isWritable(segment.state)) {
      segment.named = true
      this.#acknowledge(segment, through)
    }
    this.#sync()
  }

  #acknowledge(segment: Segment, through: number): void {
    segment.durableEnd = through
    const lines = this.#unacknowledged
    let count = 0
    for (const line of lines) {
      if (line.segment !== segment || line.segmentEnd > through) break
      count++
    }
    const acknowledged = lines.splice(0, count)
    for (const line of acknowledged) {
      this.#durable = line.last
      this.#durableHash = line.hashes[line.hashes.length - 1] ?? ''
      this.#forget(line)
    }
    if (segment.state === 'sealed' && segment.durableEnd === segment.size) this.#closeSegment(segment)
    for (const line of acknowledged) {
      const { waiters, hashes, first } = line
      for (let index = 0; index < waiters.length; index++) {
        waiters[index]?.durable(this.id, first + index, hashes[index] ?? '')
      }
    }
    this.#settings.onDurable()
    this.#wakeIdle()
  }

  #forget(line: Line): void {
    this.#unsyncedBytes -= line.end - line.start
    this.#unsyncedRecords -= line.hashes.length
    line.arena.lines--
    if (line.arena.lines > 0) return
    if (line.arena !== this.#arena) this.#settings.arenas.giveBack(line.arena)
    else if (this.#line === undefined) line.arena.end = 0
  }

  /** A write, a short write or a sync failed: the segment is over for good; unacknowledged lines get one more try. */
  #segmentFailed(segment: Segment, code: string): void {
    const error = diskError(code, `audit journal: segment ${segment.path} failed`)
    this.#settings.report({ code: error.code, message: error.message })
    this.#moveOn(error, undefined)
  }

  /** The file was deleted under us: its durable lines go on in a new one as well. */
  #segmentLostItsName(segment: Segment): void {
    const error = new AuditError(
      'disk_error',
      `audit journal: ${segment.path} was deleted while in use; its records are copied to a new segment`,
    )
    this.#settings.report({ code: 'disk_error', message: error.message })
    this.#moveOn(error, segment)
  }

  /** Writes everything unacknowledged once more, byte for byte, to a segment of the next generation. */
  #moveOn(error: AuditError, lost: Segment | undefined): void {
    const again = this.#unacknowledged
    if (this.#durable < this.#secondTryThrough) return this.#fail(error)
    const over = this.segments.filter(({ state }) => isWritable(state))
    for (const segment of over) segment.state = 'failed'
    const first = lost === undefined ? (again[0]?.first ?? this.#next.number) : lost.first
    let segment: Segment
    try {
      segment = this.#openSegment(first)
      if (lost !== undefined) this.#copyDurable(lost, segment)
    } catch (cause) {
      return this.#fail(diskError(systemCode(cause), `audit journal: no new segment in ${this.directory}`, cause))
    } finally {
      this.#retire(over.map(({ fd }) => fd))
    }
    for (const line of again) {
      const failure = this.#writeTo(segment, line)
      if (failure !== undefined)
        return this.#fail(diskError(failure, `audit journal: segment ${segment.path} failed too`))
      this.#secondTryThrough = line.last
    }
    this.#sync()
  }

  #copyDurable(from: Segment, to: Segment): void {
    const { fs } = this.#settings
    const chunk = Buffer.allocUnsafe(1024 * 1024)
    for (let at = 0; at < from.durableEnd;) {
      const read = fs.read(from.fd, chunk, 0, Math.min(chunk.length, from.durableEnd - at), at)
      if (read === 0) throw Object.assign(new Error('the deleted segment is shorter than it was'), { code: 'EIO' })
      const written = fs.write(to.fd, chunk, 0, read)
      to.size += written
      this.#bytesWritten += written
      if (written !== read) throw Object.assign(new Error('short write'), { code: 'ENOSPC' })
      at += read
    }
    from.replaced = true
  }

  /** The stream is over without end: what is not acknowledged is refused. It may be on disk all the same. */
  #fail(error: AuditError): void {
    this.#state = 'failed'
    const refused = this.#unacknowledged
    if (this.#line !== undefined) refused.push(this.#line)
    this.#unacknowledged = []
    this.#line = undefined
    this.#unsyncedBytes = 0
    this.#unsyncedRecords = 0
    this.#closeDescriptors()
    this.#settings.onFailed(error)
    for (const line of refused) for (const waiter of line.waiters) waiter?.refused(error)
    this.#wakeIdle()
  }

  #wakeIdle(): void {
    if (!this.settled) return
    for (const callback of this.#idle.splice(0)) callback()
  }

  #closeSegment(segment: Segment): void {
    segment.state = 'closed'
    this.#retire([segment.fd])
  }

  #closeDescriptors(): void {
    for (const segment of this.segments) {
      if (!isWritable(segment.state)) continue
      segment.state = this.#state === 'failed' ? 'failed' : 'closed'
      this.#retire([segment.fd])
    }
    this.#retire(this.#directories)
    this.#directories = []
  }
}

function isWritable(state: Segment['state']): boolean {
  return state === 'open' || state === 'sealed'
}
