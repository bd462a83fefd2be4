import { AuditError } from '../errors.ts'
import { ArenaPool } from './arena.ts'
import { BackPressure } from './back-pressure.ts'
import { asAuditError, diskError, messageOf, systemCode } from './disk-error.ts'
import type { JournalWriterEvents, JournalWriterSettings } from './journal-writer-settings.ts'
import { lockNewStream, type Lock } from './lock.ts'
import { GapLedger, type Gap, type TellingTime } from './gap-ledger.ts'
import { Reserve } from './reserve.ts'
import { StreamWriter } from './stream-writer.ts'
import type { AppendWaiter } from './record-codec.ts'

const exitWaitMillis = 2_000

/** For a record that comes when no more is taken. */
export function shutDown(): AuditError {
  return new AuditError('shut_down', 'audit journal: a record came after shutdown; log it before')
}

/**
 * Writes this process's records: opens a stream at the first record, a new one whenever a stream failed, and never
 * continues the stream of another life.
 *
 * By the end of the macrotask of the call a record is in the kernel's hands; between the call and that moment an exit
 * handler covers `process.exit` and uncaught errors.
 */
export class JournalWriter<R> {
  readonly #settings: JournalWriterSettings<R>
  readonly #events: JournalWriterEvents<R>
  readonly #arenas = new ArenaPool()
  #state: 'open' | 'closing' | 'closed' = 'open'
  #stream: StreamWriter<R> | undefined
  #lock: Lock | undefined
  #writeScheduled = false
  #inMicrotasks = false
  #failedThisTurn: AuditError | undefined
  #nextReason: string | undefined
  #otherBytes = 0
  readonly #pressure: BackPressure
  readonly #gaps: GapLedger
  /** Room for the record that tells of a full disk. */
  readonly #reserve: Reserve

  constructor(settings: JournalWriterSettings<R>, events: JournalWriterEvents<R>) {
    this.#settings = settings
    this.#pressure = new BackPressure(settings)
    this.#events = events
    this.#gaps = new GapLedger({ now: settings.now, write: (...told) => this.#writeGap(...told) })
    this.#reserve = new Reserve(settings.fs, settings.directory)
  }

  /** The stream being written, once the first record came. */
  get stream(): StreamWriter<R> | undefined {
    return this.#stream
  }

  /** Bytes of the streams that are not being written: counted against `maxBytes`. */
  set otherBytes(bytes: number) {
    this.#otherBytes = bytes
  }

  /** Bytes of all streams. */
  get totalBytes(): number {
    return this.#otherBytes + (this.#stream?.bytesWritten ?? 0)
  }

  /** Hands over a record; `waiter` hears what became of it. False: it was refused at once. Never throws. */
  append(record: R, waiter: AppendWaiter | undefined): boolean {
    if (this.#state !== 'open') {
      waiter?.refused(shutDown())
      return false
    }
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      this.#refuse(waiter, refusal)
      return false
    }
    try {
      if (!this.#gaps.empty) this.#gaps.tell()
      while (!this.#openStream().append(record, waiter));
    } catch (error) {
      this.#refuse(waiter, asAuditError(error))
      return false
    }
    if (!this.#writeScheduled) this.#scheduleWrite()
    this.#pressure.apply(this.#stream)
    return true
  }

  /** Records were refused or set aside; the trail says so as soon as it can. */
  tellGap(reason: Gap['reason'], count: number): void {
    this.#gaps.add(reason, count)
  }

  /** Opens the stream now rather than at the first record. @throws AuditError */
  open(): void {
    if (this.#state === 'open') this.#openStream()
  }

  /** From time to time: the segment is still where it was, and there is a reserve. */
  look(): void {
    const stream = this.#stream
    if (stream === undefined || this.#state !== 'open') return
    stream.checkName()
    if (this.#stream === stream) this.#reserve.keep()
  }

  /** Calls back when everything taken so far is acknowledged or refused. */
  whenSettled(callback: () => void): void {
    const stream = this.#stream
    if (stream === undefined) callback()
    else {
      stream.write()
      stream.whenSettled(callback)
    }
  }

  /** Writes the stop record and closes the stream; `done` when it is durable or was refused. */
  close(done: () => void): void {
    if (this.#state !== 'open') {
      done()
      return
    }
    const finish = (): void => {
      this.#state = 'closed'
      const stream = this.#stream
      if (stream !== undefined) {
        stream.close()
        this.#over(stream, false)
      }
      process.off('exit', this.#atExit)
      this.#gaps.close()
      this.#settings.engine.close()
      done()
    }
    if (this.#stream === undefined) {
      finish()
      return
    }
    this.#gaps.tell('last')
    const { stream } = this
    if (stream !== undefined) this.#appendQuietly(this.#settings.records.stop(stream.id))
    this.#state = 'closing'
    this.whenSettled(finish)
  }

  #refusal(): AuditError | undefined {
    if (this.#failedThisTurn !== undefined) return this.#failedThisTurn
    const { maxBytes, directory } = this.#settings
    if (maxBytes !== Infinity && this.totalBytes >= maxBytes) {
      const message = `audit journal: ${directory} holds ${maxBytes} bytes or more (maxBytes); nothing undelivered is deleted. Deliver, or raise journal.maxBytes`
      return new AuditError('journal_full', message)
    }
    if (this.#pressure.refuses(this.#stream)) {
      return new AuditError(
        'journal_full',
        'audit journal: more records wait for the disk than onQueueFull: "refuse" allows',
      )
    }
    return undefined
  }

  #openStream(): StreamWriter<R> {
    const open = this.#stream
    if (open !== undefined) return open
    const { fs, directory, engine, codec, report, segmentMaxBytes } = this.#settings
    const id = this.#settings.newStreamId()
    const streamDirectory = `${directory}/${id}`
    let stream: StreamWriter<R>
    let lock: Lock | undefined
    try {
      fs.makeDirectory(directory)
      fs.checkDirectory(directory)
      // The lock comes before the first segment, or others would take the stream for a dead writer's.
      fs.makeDirectory(streamDirectory)
      lock = lockNewStream(fs, this.#settings.takeLock, streamDirectory, report)
      stream = new StreamWriter<R>({
        id,
        journalDirectory: directory,
        segmentMaxBytes,
        fs,
        engine,
        codec,
        arenas: this.#arenas,
        report,
        inMicrotasks: () => this.#inMicrotasks,
        onDurable: () => this.#durable(),
        onFailed: (error, refused) => this.#streamFailed(stream, error, refused),
      })
    } catch (cause) {
      this.#discard(streamDirectory, lock)
      throw this.#holdOff(
        diskError(systemCode(cause), `audit journal: no stream in ${directory}: ${messageOf(cause)}`, cause),
      )
    }
    this.#lock = lock
    this.#stream = stream
    process.on('exit', this.#atExit)
    this.#events.onStreamOpened(stream)
    const reason = this.#nextReason
    this.#nextReason = undefined
    stream.append(this.#settings.records.start(stream.id, reason), undefined)
    return this.#stream
  }

  /** A stream that could not be opened leaves nothing behind. */
  #discard(directory: string, lock: Lock | undefined): void {
    lock?.release()
    try {
      this.#settings.fs.removeDirectory(directory)
    } catch {
      // the failure to open is reported, and says more
    }
  }

  #appendQuietly(record: R): void {
    const waiter: AppendWaiter = {
      durable: () => undefined,
      refused: (error: AuditError) => this.#settings.report({ code: error.code, message: error.message }),
      ofPipeline: true,
    }
    if (this.#stream?.append(record, waiter) !== true) return
    this.#scheduleWrite()
  }

  /** After the microtasks of this macrotask, so that a whole tick's records share one write. */
  #scheduleWrite(): void {
    this.#writeScheduled = true
    queueMicrotask(this.#microtasksRun)
  }

  readonly #microtasksRun = (): void => {
    this.#inMicrotasks = true
    process.nextTick(this.#writeNow)
  }

  readonly #writeNow = (): void => {
    this.#writeScheduled = false
    this.#inMicrotasks = false
    this.#stream?.write()
  }

  #durable(): void {
    this.#pressure.relieve(this.#stream)
    this.#events.onDurable()
  }

  #streamFailed(stream: StreamWriter<R>, error: AuditError, refused: number): void {
    if (refused > 0) this.tellGap(error.code, refused)
    this.#nextReason = error.message
    this.#holdOff(error)
    if (this.#stream === stream) this.#over(stream, true)
  }

  #over(stream: StreamWriter<R>, failed: boolean): void {
    this.#stream = undefined
    process.off('exit', this.#atExit)
    const lock = this.#lock
    this.#lock = undefined
    this.#events.onStreamOver(stream, failed, lock)
  }

  #refuse(waiter: AppendWaiter | undefined, error: AuditError): void {
    if (waiter !== undefined && waiter.ofPipeline !== true) this.tellGap(error.code, 1)
    waiter?.refused(error)
  }

  #writeGap(gap: Gap, waiter: AppendWaiter, time: TellingTime): void {
    if (this.#state !== 'open') throw shutDown()
    // The last ones are few and small, and pass the limits as the stop record does, or nothing would tell of the gap.
    const refusal = time === 'last' ? this.#failedThisTurn : this.#refusal()
    if (refusal !== undefined) throw refusal
    const { id } = this.#openStream()
    if (this.#stream?.append(this.#settings.records.gap(id, gap), waiter) !== true)
      throw new Error('the stream is over')
    if (!this.#writeScheduled) this.#scheduleWrite()
  }

  /** One try a turn of the event loop: a burst against a full disk must not make a file per record. */
  #holdOff(error: AuditError): AuditError {
    this.#failedThisTurn = error
    const madeRoom = error.code === 'disk_full' && this.#reserve.free()
    setImmediate(() => {
      this.#failedThisTurn = undefined
      // Without new room another try would fail as well: the next record or the ledger's timer makes it.
      if (madeRoom) this.#gaps.tell()
    }).unref()
    return error
  }

  readonly #atExit = (): void => {
    const stream = this.#stream
    if (stream === undefined) return
    const deadline = performance.now() + exitWaitMillis
    stream.write()
    while (!stream.settled && stream.waitForSync(Math.max(0, deadline - performance.now())));
  }
}
