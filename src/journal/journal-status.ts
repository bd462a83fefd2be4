import type { AuditError } from '../errors.ts'

export interface JournalStatus {
  readonly directory: string
  /** Streams that are written or adopted by this process. */
  readonly streams: number
  readonly undelivered: number
  readonly oldestUndelivered?: Date
  /** Records that the far end refused for good; one that it has already (`duplicate`) is no concern. */
  readonly setAside: number
  readonly bytes: number
  /** The directory loses its files with the machine or container (tmpfs, overlayfs). */
  readonly volatile: boolean
  /** The last failure to write, until records are durable again. */
  readonly failure?: AuditError
}
