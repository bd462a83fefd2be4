import type { ReportProblem } from '../errors.ts'
import { isDelivered, readCursor, startCursor } from './cursor.ts'
import { systemCode } from './disk-error.ts'
import type { FileSystem } from './file-system.ts'
import type { DeliveryCursor } from './journal-source.ts'
import type { Lock, TakeLock } from './lock.ts'
import { hasBegun, isStreamName, lockFileName, segmentsOf } from './names.ts'
import { applyRetention } from './retention.ts'
import { AdoptedStream, type KeptStream } from './source-streams.ts'
import { cursorMatches, readTail } from './stream-tail.ts'

/** What the adopting stream says of the one it adopts. */
export interface Adoption {
  readonly stream: string
  readonly lastNumber: number
  readonly headHash: string
  readonly state: 'ended' | 'unended' | 'torn'
  /** Its cursor, when that lies behind `lastNumber`: the records in between were delivered once and are gone. */
  readonly deliveredThrough: number | undefined
}

export interface BacklogSettings {
  readonly directory: string
  readonly fs: FileSystem
  readonly takeLock: TakeLock
  readonly report: ReportProblem
  readonly retainMillis: number
  readonly now: () => number
  /** The stream being written, which is nobody's backlog. */
  readonly ownStream: () => string | undefined
  readonly onAdopted: (adoption: Adoption) => void
  readonly onAdvance: () => void
}

/** The streams of other lives with something left to deliver. Never refuses to start, never writes their segments. */
export class Backlog {
  readonly #settings: BacklogSettings
  readonly #adopted = new Map<string, AdoptedStream>()
  /** Streams that need no more looks: delivered. */
  readonly #done = new Set<string>()
  /** Where delivery of an own stream stood when it failed; newer than its file. */
  readonly #known = new Map<string, DeliveryCursor>()

  constructor(settings: BacklogSettings) {
    this.#settings = settings
  }

  get streams(): readonly AdoptedStream[] {
    return [...this.#adopted.values()].sort((a, b) => a.tail.bornMillis - b.tail.bornMillis)
  }

  remember(stream: string, cursor: DeliveryCursor): void {
    this.#known.set(stream, cursor)
  }

  /** Adopts streams whose writers are gone. @throws the system's error */
  scan(): void {
    const { fs, directory, ownStream } = this.#settings
    for (const name of fs.list(directory)) {
      const known = this.#done.has(name) || this.#adopted.has(name) || ownStream() === name
      if (isStreamName(name) && !known) this.#adopt(name)
    }
  }

  /** Deletes what was delivered longer ago than `retainMillis`. @throws the system's error */
  applyRetention(): void {
    applyRetention(this.#settings, this.#done)
  }

  /** Looks again at what was done: a stream whose lock was lost may have a living writer and more to deliver. */
  review(): void {
    const { fs, directory } = this.#settings
    for (const name of this.#done) {
      const path = `${directory}/${name}`
      if (hasBegun(fs.list(path)) && !isDelivered(fs, path, name)) this.#done.delete(name)
    }
  }

  /** The oldest stream with a line to deliver; those without one are marked as delivered on the way. */
  next(): AdoptedStream | undefined {
    for (;;) {
      const oldest = this.streams[0]
      if (oldest === undefined || oldest.readLines(1).length > 0) return oldest
      this.#adopted.delete(oldest.id)
      this.#done.add(oldest.id)
      void this.mark(oldest).then(() => oldest.close())
    }
  }

  /** The oldest stream behind `after` with a line to deliver. */
  following(after: string): AdoptedStream | undefined {
    const { streams } = this
    return streams.slice(streams.findIndex(({ id }) => id === after) + 1).find((one) => one.readLines(1).length > 0)
  }

  /** Marks a stream as delivered, durably. */
  async mark(stream: KeptStream): Promise<void> {
    try {
      await stream.finish()
      this.#known.delete(stream.id)
    } catch (cause) {
      this.remember(stream.id, stream.cursor)
      const message = `audit journal: stream ${stream.id} can't be marked as delivered (${systemCode(cause)}); it may be sent again`
      this.#settings.report({ code: 'disk_error', message, cause })
    }
  }

  close(): void {
    for (const stream of this.#adopted.values()) stream.close()
    this.#adopted.clear()
  }

  #adopt(id: string): void {
    const { fs, takeLock, report, onAdvance, onAdopted } = this.#settings
    const directory = `${this.#settings.directory}/${id}`
    let lock: Lock | undefined
    try {
      // Its writer takes the lock before it makes the first segment: who sees a segment meets the lock as well.
      if (!hasBegun(fs.list(directory))) return
      if (isDelivered(fs, directory, id)) {
        this.#done.add(id)
        return
      }
      const outcome = takeLock(`${directory}/${lockFileName}`)
      if (outcome.state === 'busy') return
      if (outcome.state === 'held') lock = outcome.lock
      syncStream(fs, directory)
      const tail = readTail(fs, directory, id)
      const { cursor, lost } = this.#startingPoint(directory, id, tail.last)
      this.#adopted.set(id, new AdoptedStream(fs, directory, id, cursor, lost, tail, lock, report, onAdvance))
      const { last: lastNumber, head: headHash, state } = tail
      const deliveredThrough = lost?.number
      if (lastNumber > 0 || lost !== undefined) onAdopted({ stream: id, lastNumber, headHash, state, deliveredThrough })
    } catch (cause) {
      lock?.release()
      if (!fs.list(this.#settings.directory).includes(id)) return // another process's retention was faster
      const message = `audit journal: stream ${directory} can't be read (${systemCode(cause)}); its records stay where they are`
      report({ code: 'disk_error', message, cause })
    }
  }

  /** The stream's cursor, or its beginning when the cursor is missing, forged or beyond what is there (then it is `lost`). */
  #startingPoint(directory: string, id: string, last: number): { cursor: DeliveryCursor; lost?: DeliveryCursor } {
    const { fs, report } = this.#settings
    const known = this.#known.get(id)
    const cursor = known ?? readCursor(fs, directory, id)
    if (cursor === undefined || cursor.number === 0) return { cursor: startCursor }
    if (cursor.number > last) {
      const message = `audit journal: stream ${id} was delivered through ${cursor.number} but ends at ${last}: its tail was lost; everything kept is sent again`
      report({ code: 'tail_lost', message })
      return { cursor: startCursor, lost: cursor }
    }
    if (known !== undefined || cursorMatches(fs, directory, id, cursor)) return { cursor }
    const message = `audit journal: the cursor of stream ${id} does not match its records; everything kept is sent again`
    report({ code: 'corrupt', message })
    return { cursor: startCursor }
  }
}

/**
 * A writer that was killed leaves lines in the kernel's cache that no sync has covered. They are made durable before they
 * are shown outside; what can't be is delivered all the same, for it may be all that is left of them.
 */
function syncStream(fs: FileSystem, directory: string): void {
  const segments = segmentsOf(fs.list(directory)).map(({ name }) => `${directory}/${name}`)
  for (const path of [...segments, directory]) {
    const fd = fs.openForReading(path)
    try {
      fs.sync(fd)
    } catch {
      // the file system says more at the next write; reading goes on
    } finally {
      fs.close(fd)
    }
  }
}
