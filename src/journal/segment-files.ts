import type { ReportProblem } from '../errors.ts'
import { diskError, systemCode } from './disk-error.ts'
import type { FileSystem } from './file-system.ts'
import type { Line } from './line-builder.ts'
import { createSegment, isWritable, type Segment } from './segment.ts'

export interface SegmentFilesSettings {
  /** The stream. */
  readonly id: string
  readonly journalDirectory: string
  readonly segmentMaxBytes: number
  readonly fs: FileSystem
  readonly report: ReportProblem
}

/** The files and descriptors of one stream: makes segments, one generation after the other, and closes them. */
export class SegmentFiles {
  /** Every segment made so far, oldest first. */
  readonly all: Segment[] = []
  /** Bytes in all of them. */
  bytesWritten = 0
  readonly directory: string
  readonly #settings: SegmentFilesSettings
  readonly #fs: FileSystem
  #directories: readonly number[] = []
  #generation = 0
  /** A sync is using descriptors; what is closed meanwhile is closed after it. */
  #busy = false
  #later: number[] = []

  constructor(settings: SegmentFilesSettings) {
    this.#settings = settings
    this.#fs = settings.fs
    this.directory = `${settings.journalDirectory}/${settings.id}`
  }

  /** Descriptors of the stream's and the journal's directory. */
  get directories(): readonly number[] {
    return this.#directories
  }

  get current(): Segment {
    const current = this.all[this.all.length - 1]
    if (current === undefined) throw new Error('a stream has a segment from the first moment')
    return current
  }

  /** The open segment, or the next one when a line of so many bytes would make it too large. */
  forLine(first: number, bytes: number): Segment {
    const { current } = this
    const { segmentMaxBytes, report } = this.#settings
    if (current.size === 0 || current.size + bytes <= segmentMaxBytes) return current
    try {
      const segment = this.open(first)
      current.state = 'sealed'
      if (current.durableEnd === current.size) this.close(current, 'closed')
      return segment
    } catch (cause) {
      // No new file to be had: a segment larger than asked loses nothing.
      const code = systemCode(cause)
      const message = `audit journal: no new segment in ${this.directory} (${code}); the present one grows on`
      report({ code: diskError(code, '').code, message, cause })
      return current
    }
  }

  /** Appends a line in one write; the error's code when that failed or fell short. */
  write(segment: Segment, line: Line): string | undefined {
    const length = line.end - line.start
    try {
      const written = this.#fs.write(segment.fd, line.arena.bytes, line.start, length)
      segment.size += written
      this.bytesWritten += written
      line.segment = segment
      line.segmentEnd = segment.size
      return written === length ? undefined : 'ENOSPC'
    } catch (error) {
      return systemCode(error)
    }
  }

  /** Makes the next segment. @throws the system's error */
  open(first: number): Segment {
    // Each try has its own: a file that a failed one left behind must not be met again.
    this.#generation++
    const segment = this.#create(first)
    let directories: number[]
    try {
      directories = [this.#fs.openDirectory(this.directory), this.#fs.openDirectory(this.#settings.journalDirectory)]
    } catch (error) {
      this.#fs.close(segment.fd)
      this.#discard(segment.path)
      throw error
    }
    this.#retire(this.#directories)
    this.#directories = directories
    this.all.push(segment)
    return segment
  }

  /** Copies the durable lines of a file that lost its name. @throws the system's error */
  copyDurable(from: Segment, to: Segment): void {
    const chunk = Buffer.allocUnsafe(1024 * 1024)
    for (let at = 0; at < from.durableEnd;) {
      const read = this.#fs.read(from.fd, chunk, 0, Math.min(chunk.length, from.durableEnd - at), at)
      if (read === 0) throw Object.assign(new Error('the deleted segment is shorter than it was'), { code: 'EIO' })
      const written = this.#fs.write(to.fd, chunk, 0, read)
      to.size += written
      if (written !== read) throw Object.assign(new Error('short write'), { code: 'ENOSPC' })
      at += read
    }
    from.replaced = true
  }

  /** Around a sync, which uses descriptors in another thread. */
  hold(): void {
    this.#busy = true
  }

  letGo(): void {
    this.#busy = false
    const later = this.#later
    this.#later = []
    this.#retire(later)
  }

  /** Closes a segment; it is never written or synced again. */
  close(segment: Segment, state: 'closed' | 'failed'): void {
    segment.state = state
    this.#retire([segment.fd])
  }

  /** Deletes what holds nothing after record `through` and is older. @throws the system's error */
  deleteDelivered(through: number, beforeMillis: number): void {
    for (let next = this.all[1]; next !== undefined && next.first <= through + 1; next = this.all[1]) {
      const [oldest] = this.all
      if (oldest === undefined || isWritable(oldest)) break
      if (this.#fs.modifiedMillis(oldest.path) >= beforeMillis) break
      this.#fs.remove(oldest.path)
      this.all.shift()
      this.bytesWritten -= oldest.size
    }
  }

  closeAll(state: 'closed' | 'failed'): void {
    for (const segment of this.all) if (isWritable(segment)) this.close(segment, state)
    this.#retire(this.#directories)
    this.#directories = []
  }

  #create(first: number): Segment {
    try {
      return createSegment(this.#fs, this.directory, first, this.#generation)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      this.#fs.makeDirectory(this.directory) // it is new, or was removed or renamed under us
      return createSegment(this.#fs, this.directory, first, this.#generation)
    }
  }

  #discard(path: string): void {
    try {
      this.#fs.remove(path)
    } catch {
      // the failure to open says more, and an empty segment is passed over
    }
  }

  #retire(descriptors: readonly number[]): void {
    if (this.#busy) this.#later.push(...descriptors)
    else for (const fd of descriptors) this.#fs.close(fd)
  }
}
