import { AuditError } from '../errors.ts'
import { diskError, systemCode } from './disk-error.ts'
import { firstEarlyRecords, Gathering } from './gathering.ts'
import { LineBuilder } from './line-builder.ts'
import { Pace } from './pace.ts'
import type { AppendWaiter } from './record-codec.ts'
import { isWritable, type Segment } from './segment.ts'
import { SegmentFiles } from './segment-files.ts'
import type { StreamWriterSettings } from './stream-writer-settings.ts'
import type { SyncResult } from './sync.ts'
import { callersIn, tellDurable, UnsyncedLines } from './unsynced-lines.ts'

const earlyRecords = 256
/** After so many callers have heard of their records the event loop turns before others do. */
const answersInATurn = 256

/**
 * Writes one stream, from its first record to its end. Group commit: records gather in a line until the tick is over
 * or the line is full; the line is written at once and acknowledged when an fdatasync issued after that write has
 * succeeded, all earlier lines are acknowledged, the directories have been fsynced and the file still has a name.
 */
export class StreamWriter<R> {
  readonly id: string
  readonly directory: string
  readonly #settings: StreamWriterSettings<R>
  readonly #files: SegmentFiles
  readonly #builder: LineBuilder
  readonly #next: { streamId: string; number: number; previousHash: string }
  #state: 'open' | 'closed' | 'failed' = 'open'
  readonly #unsynced = new UnsyncedLines()
  #durable = 0
  /** Lines through this number were written once more; a failure before they are durable ends the stream. */
  #secondTryThrough = 0
  #syncing = false
  /** What the last sync covers until all of it is acknowledged. */
  #covered: { readonly segment: Segment; readonly through: number } | undefined
  /** Whoever looks for a finished sync now must not wait for the next turn. */
  #pressed = false
  readonly #pace = new Pace(() => this.#goOn(answersInATurn))
  readonly #gathering = new Gathering(() => {
    this.write()
    this.#sync()
  })
  readonly #idle: (() => void)[] = []

  /** Makes the directory and the first segment. @throws the system's error. */
  constructor(settings: StreamWriterSettings<R>) {
    this.#settings = settings
    this.id = settings.id
    this.#files = new SegmentFiles(settings)
    this.directory = this.#files.directory
    this.#builder = new LineBuilder(settings.id, settings.codec.closing, settings.arenas)
    this.#next = { streamId: settings.id, number: 1, previousHash: '' }
    this.#files.open(1)
  }

  get state(): 'open' | 'closed' | 'failed' {
    return this.#state
  }

  /** Every segment, oldest first. */
  get segments(): readonly Segment[] {
    return this.#files.all
  }

  /** The highest acknowledged number, 0 when there is none. */
  get durable(): number {
    return this.#durable
  }

  /** Bytes in all segments of the stream. */
  get bytesWritten(): number {
    return this.#files.bytesWritten
  }

  /** How much waits for the disk. */
  get unsynced(): { readonly bytes: number; readonly records: number } {
    return this.#unsynced
  }

  /**
   * Takes a record. False: the stream is over and the record is untouched; give it to the next stream.
   * @throws AuditError when the record can't be sealed.
   */
  append(record: R, waiter: AppendWaiter | undefined): boolean {
    if (this.#isOver()) return false
    const { codec } = this.#settings
    const opening = codec.opening(record)
    const next = this.#next
    const { wire, hash } = codec.seal(record, next)
    if (!this.#builder.takes(opening, wire)) this.write()
    if (this.#isOver()) return false
    const full = this.#builder.add(opening, next.number, wire, hash, waiter)
    this.#unsynced.records++
    next.number++
    next.previousHash = hash
    if (full) this.write()
    else this.#writeEarly()
    return true
  }

  /** In a long tick: a sync that could run already need not wait for the tick's end. */
  #writeEarly(): void {
    const records = this.#builder.line?.hashes.length ?? 0
    if (records === firstEarlyRecords && this.#unsynced.all.length === 0 && !this.#gathering.held) this.write()
    else if (records === earlyRecords) {
      this.#pressed = !this.#settings.inMicrotasks()
      this.#settings.engine.poll()
      this.#pressed = false
      if (!this.#syncing) this.write()
    }
  }

  /** Hands what was gathered to the kernel (a synchronous write) and starts the sync. */
  write(): void {
    const line = this.#builder.finish(this.#durable)
    if (line === undefined) return
    this.#unsynced.add(line)
    const segment = this.#files.forLine(line.first, line.end - line.start)
    const failure = this.#files.write(segment, line)
    if (failure === undefined) this.#sync()
    else this.#segmentFailed(segment, failure)
  }

  /** Nothing is waiting to be written or synced, also no copy of a file that lost its name. */
  get settled(): boolean {
    if (this.#builder.line !== undefined || this.#unsynced.all.length > 0) return false
    const { current } = this.#files
    return !isWritable(current) || current.durableEnd === current.size
  }

  /** Calls back when everything taken so far is acknowledged or refused. */
  whenSettled(callback: () => void): void {
    if (this.settled) callback()
    else this.#idle.push(callback)
  }

  /**
   * Looks whether the segment being written still stands where a reader would look for it. A file that was deleted is
   * noticed at the next sync as well; one that was renamed, or whose directory was, only here.
   */
  checkName(): void {
    const { current } = this.#files
    if (this.#isOver() || current.size === 0 || this.#settings.fs.isAt(current.fd, current.path)) return
    this.#segmentLostItsName(current)
  }

  /** Blocks until a sync in flight is done. False: not within the time. */
  waitForSync(timeoutMillis: number): boolean {
    this.#gathering.cancel()
    this.#sync()
    if (this.#covered === undefined && !this.#settings.engine.wait(timeoutMillis)) return false
    this.#goOn(Infinity)
    return true
  }

  /** Deletes segments of delivered records, never the one being written. @throws the system's error */
  deleteDelivered(through: number, beforeMillis: number): void {
    this.#files.deleteDelivered(through, beforeMillis)
  }

  /** Orderly end: call when settled. */
  close(): void {
    if (this.#state === 'open') this.#state = 'closed'
    this.#files.closeAll('closed')
  }

  // A method, since a write may end the stream between two looks at it.
  #isOver(): boolean {
    return this.#state !== 'open'
  }

  /** Starts a sync of the oldest segment that needs one, unless one is in flight. */
  #sync(): void {
    if (this.#syncing || this.#gathering.held || this.#state === 'failed') return
    const segment = this.#unsynced.all[0]?.segment ?? this.#files.current
    const covered = this.#covered?.segment === segment ? this.#covered.through : segment.durableEnd
    if (!isWritable(segment) || covered === segment.size) return
    const through = segment.size
    this.#syncing = true
    this.#files.hold()
    this.#gathering.syncBegan()
    const request = { file: segment.fd, directories: segment.named ? [] : this.#files.directories }
    this.#settings.engine.request(request, (result) => this.#synced(segment, through, result))
  }

  #synced(segment: Segment, through: number, result: SyncResult): void {
    this.#syncing = false
    this.#files.letGo()
    this.#gathering.syncEnded()
    if (this.#state === 'failed') return
    if (isWritable(segment)) {
      if (!result.ok) this.#segmentFailed(segment, result.code)
      else if (!result.linked) this.#segmentLostItsName(segment)
      else {
        this.#covered = { segment, through }
        if (this.#pressed) this.#answer(Infinity)
        else if (this.#pace.free) this.#answer(answersInATurn)
      }
    }
    this.#sync()
  }

  /** Acknowledges what the last sync covers, until so many callers or more have their answer. */
  #answer(enough: number): void {
    const covered = this.#covered
    if (covered === undefined) return
    if (isWritable(covered.segment)) this.#acknowledge(covered.segment, covered.through, enough)
    else this.#covered = undefined
  }

  #goOn(enough: number): void {
    this.#answer(enough)
    this.#sync()
  }

  #acknowledge(segment: Segment, through: number, enough = Infinity): void {
    segment.named = true
    const waiting = this.#unsynced.records
    const acknowledged = this.#unsynced.takeSynced(segment, through, enough)
    for (const line of acknowledged) {
      this.#durable = line.last
      this.#builder.release(line)
    }
    const [next] = this.#unsynced.all
    const more = next?.segment === segment && next.segmentEnd <= through
    segment.durableEnd = more ? (acknowledged.at(-1)?.segmentEnd ?? segment.durableEnd) : through
    if (!more) this.#covered = undefined
    const answered = waiting - this.#unsynced.records
    // Fewer can't keep up with the disk: the loop turns while it syncs.
    if (answered >= firstEarlyRecords) this.#pace.step()
    if (enough === Infinity) this.#gathering.cancel()
    else this.#gathering.answer(answered, this.#unsynced.records, more)
    if (segment.state === 'sealed' && segment.durableEnd === segment.size) this.#files.close(segment, 'closed')
    tellDurable(this.id, acknowledged)
    this.#settings.onDurable()
    this.#wakeIdle()
  }

  /** A write, a short write or a sync failed: the segment is over for good. */
  #segmentFailed(segment: Segment, code: string): void {
    const error = diskError(code, `audit journal: segment ${segment.path} failed`)
    this.#settings.report({ code: error.code, message: error.message })
    this.#moveOn(error, undefined)
  }

  /** The file was deleted under us: its durable lines go on in a new one as well. */
  #segmentLostItsName(segment: Segment): void {
    const message = `audit journal: ${segment.path} was deleted or renamed while in use; its records are copied to a new segment`
    this.#settings.report({ code: 'disk_error', message })
    this.#moveOn(new AuditError('disk_error', message), segment)
  }

  /** Writes everything unacknowledged once more, byte for byte, to a segment of the next generation. */
  #moveOn(error: AuditError, lost: Segment | undefined): void {
    this.#answer(Infinity)
    if (this.#durable < this.#secondTryThrough) {
      this.#fail(error)
      return
    }
    const over = this.#files.all.filter(isWritable)
    const again = this.#unsynced.all
    let failure: AuditError | undefined
    try {
      const segment = this.#files.open(lost?.first ?? again[0]?.first ?? this.#next.number)
      if (lost !== undefined) this.#files.copyDurable(lost, segment)
      for (const line of again) {
        const code = this.#files.write(segment, line)
        if (code !== undefined) throw Object.assign(new Error(`${segment.path} failed too`), { code })
        this.#secondTryThrough = line.last
      }
    } catch (cause) {
      failure = diskError(systemCode(cause), `audit journal: no new segment in ${this.directory}`, cause)
    }
    for (const segment of over) this.#files.close(segment, 'failed')
    if (failure === undefined) this.#sync()
    else this.#fail(failure)
  }

  /** The stream is over without end: what is not acknowledged is refused. It may be on disk all the same. */
  #fail(error: AuditError): void {
    this.#state = 'failed'
    const refused = this.#unsynced.takeAll()
    const inProgress = this.#builder.abandon()
    if (inProgress !== undefined) refused.push(inProgress)
    this.#files.closeAll('failed')
    this.#settings.onFailed(error, callersIn(refused))
    for (const line of refused) for (const waiter of line.waiters) waiter?.refused(error)
    this.#wakeIdle()
  }

  #wakeIdle(): void {
    if (this.settled) for (const callback of this.#idle.splice(0)) callback()
  }
}
