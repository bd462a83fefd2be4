import { AuditError, type ReportProblem } from '../errors.ts'
import { readCursor, readDelivered, startCursor } from './cursor.ts'
import { systemCode } from './disk-error.ts'
import type { FileSystem } from './file-system.ts'
import { JournalWriter, type JournalWriterSettings, type PipelineRecords } from './journal-writer.ts'
import type { DeliveryCursor, JournalSource, SetAsideEntry, SourceStream } from './journal-source.ts'
import type { Lock } from './lock.ts'
import { isStreamName, lockFileName } from './names.ts'
import { applyRetention, bytesIn } from './retention.ts'
import { SetAsideStore } from './set-aside.ts'
import { AdoptedStream, LiveStream } from './source-streams.ts'
import { cursorMatches, readTail } from './stream-tail.ts'
import type { AppendWaiter, StreamWriter } from './stream-writer.ts'

export interface Adoption {
  readonly stream: string
  readonly lastNumber: number
  readonly headHash: string
  readonly state: 'ended' | 'unended' | 'torn'
}

export interface JournalSettings<R> extends JournalWriterSettings<R> {
  readonly records: PipelineRecords<R> & {
    /** Names a stream of another life whose backlog this one delivers. */
    adopt(adoption: Adoption): R
  }
  /** False: journal only; nothing is adopted, nothing has a cursor, nothing is deleted. */
  readonly delivers: boolean
  readonly retainMillis: number
  readonly now: () => number
}

export interface JournalStatus {
  readonly directory: string
  /** Streams that are written or adopted by this process. */
  readonly streams: number
  readonly undelivered: number
  readonly oldestUndelivered?: Date
  readonly setAside: number
  readonly bytes: number
  /** The directory loses its files with the machine or container (tmpfs, overlayfs). */
  readonly volatile: boolean
  /** The last failure to write, until records are durable again. */
  readonly failure?: AuditError
}

const rescanMillis = 5_000
const cursorMillis = 1_000
const retentionMillis = 60_000

/** The journal of one process: its own stream, and the backlog of streams whose writers are gone. */
export class Journal<R> implements JournalSource {
  readonly #settings: JournalSettings<R>
  readonly #fs: FileSystem
  readonly #report: ReportProblem
  readonly #writer: JournalWriter<R>
  readonly #setAside: SetAsideStore
  readonly #listeners = new Set<() => void>()
  readonly #adopted = new Map<string, AdoptedStream>()
  /** Streams that need no more looks: delivered. */
  readonly #done = new Set<string>()
  /** Where delivery of an own stream stood when it failed; newer than its file. */
  readonly #known = new Map<string, DeliveryCursor>()
  #live: LiveStream | undefined
  #rescan: NodeJS.Timeout | undefined
  #cursorTimer: NodeJS.Timeout | undefined
  #nextRetention = 0
  #failure: AuditError | undefined
  #volatile = false
  #ending = false
  #closed = false
  /** Of the stream that was ended in order. */
  #lock: Lock | undefined

  constructor(settings: JournalSettings<R>) {
    this.#settings = settings
    this.#fs = settings.fs
    this.#report = (problem) => settings.report(problem)
    this.#setAside = new SetAsideStore(settings.fs, settings.directory)
    this.#writer = new JournalWriter(
      { ...settings, report: (problem) => this.#writeProblem(problem) },
      {
        onDurable: () => this.#durable(),
        onStreamOpened: (stream) => this.#opened(stream),
        onStreamOver: (stream, failed, lock) => this.#over(stream, failed, lock),
      },
    )
  }

  get stream(): StreamWriter<R> | undefined {
    return this.#writer.stream
  }

  get volatile(): boolean {
    return this.#volatile
  }

  append(record: R, waiter: AppendWaiter | undefined): void {
    this.#writer.append(record, waiter)
  }

  /** Opens the stream now. @throws AuditError `disk_error`, `disk_full` */
  open(): void {
    this.#writer.open()
  }

  /** Looks for streams whose writers are gone, now and every few seconds. Does nothing without a collector. */
  recover(): void {
    if (!this.#settings.delivers || this.#ending) return
    this.#scan()
    this.#rescan ??= setInterval(() => this.#scan(), rescanMillis).unref()
  }

  /** Resolves when everything appended so far is durable or was refused. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.#writer.whenSettled(resolve))
  }

  /** Ends the stream in order: its last record is durable when this resolves. What is there can still be delivered. */
  end(): Promise<void> {
    clearInterval(this.#rescan)
    this.#ending = true
    return new Promise<void>((resolve) => this.#writer.close(resolve))
  }

  /** After `end`: saves the cursors and lets go of everything. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#cursorTimer)
    await this.flushCursors()
    const live = this.#live
    if (live !== undefined && this.#settings.delivers && live.undelivered === 0) await this.#mark(live)
    for (const stream of this.#adopted.values()) stream.close()
    this.#adopted.clear()
    live?.close()
    this.#lock?.release()
  }

  // What delivery asks.

  nextStream(): SourceStream | undefined {
    let oldest: AdoptedStream | undefined
    for (const stream of this.#adopted.values()) {
      if (oldest === undefined || stream.tail.bornMillis < oldest.tail.bornMillis) oldest = stream
    }
    if (oldest === undefined) return this.#live
    if (oldest.readLines(1).length > 0) return oldest
    this.#finish(oldest)
    return this.nextStream()
  }

  onMore(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  setAside(entry: SetAsideEntry): void {
    this.#setAside.add(entry)
  }

  /** A moved cursor is on disk within a second. */
  readonly #cursorMoved = (): void => {
    if (this.#cursorTimer !== undefined || this.#closed) return
    this.#cursorTimer = setTimeout(() => {
      this.#cursorTimer = undefined
      void this.flushCursors()
    }, cursorMillis).unref()
  }

  async flushCursors(): Promise<void> {
    for (const stream of [...this.#adopted.values(), ...(this.#live === undefined ? [] : [this.#live])]) {
      try {
        await stream.saveCursor()
      } catch (cause) {
        const message = `audit journal: the cursor of stream ${stream.id} can't be written (${systemCode(cause)}); records may be sent again`
        this.#report({ code: 'disk_error', message, cause })
      }
    }
  }

  status(): JournalStatus {
    const { directory, delivers } = this.#settings
    const kept = [...this.#adopted.values(), ...(this.#live === undefined ? [] : [this.#live])]
    const undelivered = delivers ? kept.reduce((sum, stream) => sum + Math.max(0, stream.undelivered), 0) : 0
    const oldest = undelivered > 0 ? this.#oldestUndelivered(kept) : undefined
    return {
      directory,
      streams: kept.length,
      undelivered,
      ...(oldest === undefined ? {} : { oldestUndelivered: oldest }),
      setAside: this.#setAside.count,
      bytes: this.#writer.totalBytes,
      volatile: this.#volatile,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    }
  }

  #oldestUndelivered(kept: readonly (AdoptedStream | LiveStream)[]): Date | undefined {
    const stream = kept.find(({ undelivered }) => undelivered > 0)
    const line = stream?.readLines(1)[0]
    if (line === undefined) return undefined
    const text = Buffer.from(line.bytes.buffer, line.bytes.byteOffset, line.bytes.length).toString('latin1')
    const nanos = /"observedTimeUnixNano":"(\d+)"/.exec(text)?.[1]
    return nanos === undefined ? undefined : new Date(Number(nanos.slice(0, -6)))
  }

  #opened(stream: StreamWriter<R>): void {
    const kind = this.#fs.kindOf(stream.directory)
    if (kind === 'volatile' && !this.#volatile) {
      this.#volatile = true
      const message = `audit journal: ${this.#settings.directory} is on a file system that does not outlive the machine or container; mount a volume there (journal.dir)`
      this.#report({ code: 'journal_volatile', message })
    }
    this.#live?.close()
    this.#live = new LiveStream(
      this.#fs,
      stream,
      ({ segment, offset, first }) => {
        const place = `${stream.directory}/${segment}${offset === undefined ? '' : ` at byte ${offset}`}`
        this.#report({
          code: 'corrupt',
          message: `audit journal: ${place}: acknowledged record ${first} can't be read; run otel-audit verify`,
        })
      },
      this.#cursorMoved,
    )
    setImmediate(() => this.recover()).unref()
  }

  #over(stream: StreamWriter<R>, failed: boolean, lock: Lock | undefined): void {
    if (!failed) {
      this.#lock = lock
      return
    }
    lock?.release()
    const live = this.#live
    this.#live = undefined
    if (live !== undefined) this.#known.set(stream.id, live.cursor)
    live?.close()
    if (stream.durable === 0) this.#discard(stream.directory)
    else setImmediate(() => this.recover()).unref()
  }

  /** Nothing of it was ever acknowledged: a full disk must not fill up with beginnings of streams. */
  #discard(directory: string): void {
    try {
      this.#fs.removeDirectory(directory)
    } catch (cause) {
      this.#report({
        code: 'disk_error',
        message: `audit journal: ${directory} can't be removed (${systemCode(cause)})`,
        cause,
      })
    }
  }

  #scan(): void {
    const { directory, now, retainMillis } = this.#settings
    if (this.#ending) return
    try {
      for (const name of this.#fs.list(directory)) {
        if (isStreamName(name) && !this.#isKnown(name)) this.#adopt(name)
      }
      if (now() >= this.#nextRetention) {
        this.#nextRetention = now() + retentionMillis
        applyRetention(this.#fs, directory, this.#done, retainMillis, now())
        this.#writer.otherBytes = bytesIn(this.#fs, directory, this.#writer.stream?.id)
      }
    } catch (cause) {
      this.#report({
        code: 'disk_error',
        message: `audit journal: ${directory} can't be read (${systemCode(cause)}); the backlog waits`,
        cause,
      })
    }
  }

  #isKnown(name: string): boolean {
    return this.#done.has(name) || this.#adopted.has(name) || this.#writer.stream?.id === name
  }

  #adopt(id: string): void {
    const directory = `${this.#settings.directory}/${id}`
    if (readDelivered(this.#fs, directory, id) !== undefined) {
      this.#done.add(id)
      return
    }
    const lock = this.#settings.takeLock(`${directory}/${lockFileName}`)
    if (lock.state === 'busy') return
    const held = lock.state === 'held' ? lock.lock : undefined
    let tail
    try {
      tail = readTail(this.#fs, directory, id)
    } catch (cause) {
      held?.release()
      this.#report({
        code: 'corrupt',
        message: `audit journal: stream ${directory} can't be read (${systemCode(cause)})`,
        cause,
      })
      return
    }
    const cursor = this.#startingPoint(directory, id, tail.last)
    const stream = new AdoptedStream(this.#fs, directory, id, cursor, tail, held, this.#report, this.#cursorMoved)
    this.#adopted.set(id, stream)
    const { last: lastNumber, head: headHash, state } = tail
    if (lastNumber > 0)
      this.#writer.append(this.#settings.records.adopt({ stream: id, lastNumber, headHash, state }), undefined)
    this.#more()
  }

  /** The stream's cursor, or its beginning when the cursor is missing, forged or beyond what is there. */
  #startingPoint(directory: string, id: string, last: number): DeliveryCursor {
    const known = this.#known.get(id)
    const cursor = known ?? readCursor(this.#fs, directory, id)
    if (cursor === undefined || cursor.number === 0) return startCursor
    if (cursor.number > last) {
      const message = `audit journal: stream ${id} was delivered through ${cursor.number} but ends at ${last}: its tail was lost; everything kept is sent again`
      this.#report({ code: 'tail_lost', message })
      return startCursor
    }
    if (known !== undefined || cursorMatches(this.#fs, directory, id, cursor)) return cursor
    this.#report({
      code: 'corrupt',
      message: `audit journal: the cursor of stream ${id} does not match its records; everything kept is sent again`,
    })
    return startCursor
  }

  /** Delivered to its end: marked, and left to retention. */
  #finish(stream: AdoptedStream): void {
    this.#adopted.delete(stream.id)
    this.#done.add(stream.id)
    void this.#mark(stream).then(() => stream.close())
  }

  async #mark(stream: AdoptedStream | LiveStream): Promise<void> {
    try {
      await stream.finish()
    } catch (cause) {
      const message = `audit journal: stream ${stream.id} can't be marked as delivered (${systemCode(cause)}); it may be sent again`
      this.#report({ code: 'disk_error', message, cause })
    }
  }

  #durable(): void {
    this.#failure = undefined
    this.#more()
  }

  #writeProblem(problem: Parameters<ReportProblem>[0]): void {
    if (problem.code === 'disk_error' || problem.code === 'disk_full') {
      this.#failure = new AuditError(problem.code, problem.message, { cause: problem.cause })
    }
    this.#report(problem)
  }

  #more(): void {
    for (const listener of this.#listeners) listener()
  }
}
