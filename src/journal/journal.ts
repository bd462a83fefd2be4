import { AuditError, type ReportProblem } from '../errors.ts'
import { Backlog, type Adoption } from './backlog.ts'
import { systemCode } from './disk-error.ts'
import type { JournalStatus } from './journal-status.ts'
import { JournalWriter, shutDown } from './journal-writer.ts'
import type { JournalWriterSettings, PipelineRecords } from './journal-writer-settings.ts'
import type { JournalSource, SetAsideEntry, SourceStream } from './journal-source.ts'
import type { Lock } from './lock.ts'
import { bytesIn } from './retention.ts'
import { SetAsideStore } from './set-aside.ts'
import { LiveStream, type AdoptedStream } from './source-streams.ts'
import type { StreamWriter } from './stream-writer.ts'
import type { AppendWaiter } from './record-codec.ts'

export interface JournalSettings<R> extends JournalWriterSettings<R> {
  readonly records: PipelineRecords<R> & {
    /** Names a stream of another life whose backlog this one delivers. */
    adopt(adoption: Adoption): R
  }
  /** False: journal only; nothing is adopted, nothing has a cursor, nothing is deleted. */
  readonly delivers: boolean
  /** How long wholly delivered streams are kept, in milliseconds. */
  readonly retainMillis: number
}

const rescanMillis = 5_000
const cursorMillis = 1_000
const reviewMillis = 60_000
const clockToleranceMillis = 60_000

/** The journal of one process: its own stream, and the backlog of streams whose writers are gone. */
export class Journal<R> implements JournalSource {
  readonly #settings: JournalSettings<R>
  readonly #report: ReportProblem
  readonly #writer: JournalWriter<R>
  readonly #backlog: Backlog
  readonly #setAside: SetAsideStore
  readonly #listeners = new Set<() => void>()
  #live: LiveStream | undefined
  /** Of the stream that was ended in order. */
  #lock: Lock | undefined
  #rescan: NodeJS.Timeout | undefined
  #cursorTimer: NodeJS.Timeout | undefined
  #failure: AuditError | undefined
  #volatile = false
  readonly #startedMonotonic = performance.now()
  readonly #startedWall: number
  #nextReview = 0
  /** Nothing of the own stream is delivered before the first look for older ones. */
  #scanned = false
  #state: 'open' | 'ending' | 'ended' | 'closed' = 'open'

  constructor(settings: JournalSettings<R>) {
    this.#settings = settings
    this.#startedWall = settings.now()
    this.#report = settings.report
    this.#setAside = new SetAsideStore(settings.fs, settings.directory)
    this.#writer = new JournalWriter(
      { ...settings, report: (problem) => this.#writeProblem(problem) },
      {
        onDurable: () => this.#durable(),
        onStreamOpened: (stream) => this.#opened(stream),
        onStreamOver: (stream, failed, lock) => this.#over(stream, failed, lock),
      },
    )
    this.#backlog = new Backlog({
      ...settings,
      ownStream: () => this.#writer.stream?.id,
      onAdopted: (adoption) => {
        this.#writer.append(settings.records.adopt(adoption), undefined)
        this.#more()
      },
      onAdvance: this.#cursorMoved,
    })
  }

  get volatile(): boolean {
    return this.#volatile
  }

  /** Hands over a record; `waiter` hears what became of it. False: it was refused at once. Never throws. */
  append(record: R, waiter: AppendWaiter | undefined): boolean {
    if (this.#state === 'open') return this.#writer.append(record, waiter)
    waiter?.refused(shutDown())
    return false
  }

  /** Opens the stream now. @throws AuditError `disk_error`, `disk_full` */
  open(): void {
    this.#writer.open()
  }

  /** Looks for streams whose writers are gone, now and every few seconds. */
  recover(): void {
    if (this.#state !== 'open') return
    this.#scan()
    this.#rescan ??= setInterval(() => this.#scan(), rescanMillis).unref()
  }

  /** Resolves when everything appended so far is durable or was refused. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.#writer.whenSettled(resolve))
  }

  /** Takes no more records and adopts nothing more; the stream stays open for what it has to tell of itself. */
  beginEnd(): void {
    clearInterval(this.#rescan)
    if (this.#state === 'open') this.#state = 'ending'
  }

  /** Ends the stream in order: its last record is durable when this resolves. What is there can still be delivered. */
  end(): Promise<void> {
    this.beginEnd()
    if (this.#state === 'ending') this.#state = 'ended'
    return new Promise<void>((resolve) => this.#writer.close(resolve))
  }

  /** After `end`: saves the cursors and lets go of everything. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#cursorTimer)
    await this.flushCursors()
    const live = this.#live
    if (live !== undefined && this.#settings.delivers && live.undelivered === 0) await this.#backlog.mark(live)
    this.#backlog.close()
    live?.close()
    this.#lock?.release()
  }

  nextStream(after?: string): SourceStream | undefined {
    if (after === undefined) {
      const looked = this.#scanned || this.#state !== 'open'
      return this.#backlog.next() ?? (looked ? this.#live : undefined)
    }
    return after === this.#live?.id ? undefined : (this.#backlog.following(after) ?? this.#live)
  }

  /** Tells whether everything that is durable now has been delivered. */
  everythingSoFar(): () => boolean {
    const live = this.#live
    const durable = this.#writer.stream?.durable ?? 0
    return () => this.#backlog.streams.length === 0 && (live === undefined || live.cursor.number >= durable)
  }

  onMore(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  setAside(entry: SetAsideEntry): void {
    const rejected = entry.reason === 'rejected'
    if (rejected && (this.#state === 'ended' || this.#state === 'closed')) {
      const message = 'audit journal: the stream has ended and could not tell of it; the next process will'
      throw new AuditError('shut_down', message)
    }
    this.#setAside.add(entry)
    if (rejected) this.#writer.tellGap('set_aside', 1)
  }

  async flushCursors(): Promise<void> {
    for (const stream of this.#kept) {
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
    const kept = this.#kept
    const undelivered = delivers ? kept.reduce((sum, stream) => sum + Math.max(0, stream.undelivered), 0) : 0
    const oldest = undelivered > 0 ? kept.find((stream) => stream.undelivered > 0)?.oldestUndelivered() : undefined
    return {
      directory,
      streams: kept.length,
      undelivered,
      ...(oldest === undefined ? {} : { oldestUndelivered: oldest }),
      setAside: this.#setAside.rejected,
      bytes: this.#writer.totalBytes,
      volatile: this.#volatile,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    }
  }

  /** Streams with a cursor, oldest first. */
  get #kept(): readonly (AdoptedStream | LiveStream)[] {
    return this.#live === undefined ? this.#backlog.streams : [...this.#backlog.streams, this.#live]
  }

  #opened(stream: StreamWriter<R>): void {
    const { fs, directory } = this.#settings
    if (!this.#volatile && fs.kindOf(stream.directory) === 'volatile') {
      this.#volatile = true
      const message = `audit journal: ${directory} is on a file system that does not outlive the machine or container; mount a volume there (journal.dir)`
      this.#report({ code: 'journal_volatile', message })
    }
    this.#live?.close()
    this.#live = new LiveStream(fs, stream, this.#report, this.#cursorMoved)
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
    live?.close()
    if (stream.durable === 0) {
      this.#discard(stream.directory)
      return
    }
    if (live !== undefined && this.#settings.delivers) this.#backlog.remember(stream.id, live.cursor)
    setImmediate(() => this.recover()).unref()
  }

  /** Nothing of it was ever acknowledged: a full disk must not fill up with beginnings of streams. */
  #discard(directory: string): void {
    try {
      this.#settings.fs.removeDirectory(directory)
    } catch (cause) {
      const message = `audit journal: ${directory} can't be removed (${systemCode(cause)})`
      this.#report({ code: 'disk_error', message, cause })
    }
  }

  #scan(): void {
    const { directory, fs, delivers, maxBytes } = this.#settings
    if (this.#state !== 'open') return
    try {
      if (this.#failure === undefined) this.#writer.look()
      if (delivers) {
        this.#backlog.scan()
        this.#reviewDelivered()
      }
      if (maxBytes !== Infinity) this.#writer.otherBytes = bytesIn(fs, directory, this.#writer.stream?.id)
    } catch (cause) {
      const message = `audit journal: ${directory} can't be read (${systemCode(cause)}); the backlog waits`
      this.#report({ code: 'disk_error', message, cause })
    }
    if (this.#scanned) return
    this.#scanned = true
    this.#more()
  }

  /**
   * Wall clocks jump: nothing is deleted while this process's wall clock and its monotonic clock disagree about the time
   * since it started.
   */
  #reviewDelivered(): void {
    const { retainMillis, now } = this.#settings
    const elapsed = performance.now() - this.#startedMonotonic
    if (elapsed < this.#nextReview) return
    this.#nextReview = elapsed + reviewMillis
    this.#backlog.review()
    if (retainMillis === Infinity || Math.abs(now() - this.#startedWall - elapsed) > clockToleranceMillis) return
    this.#backlog.applyRetention()
    const through = this.#live?.savedThrough ?? 0
    if (through > 0) this.#writer.stream?.deleteDelivered(through, now() - retainMillis)
  }

  /** A moved cursor is on disk within a second. */
  readonly #cursorMoved = (): void => {
    if (this.#cursorTimer !== undefined || this.#state === 'closed') return
    this.#cursorTimer = setTimeout(() => {
      this.#cursorTimer = undefined
      void this.flushCursors()
    }, cursorMillis).unref()
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
