import type { ReportProblem } from '../errors.ts'

export interface BackPressureSettings {
  readonly maxUnsyncedBytes: number
  readonly maxUnsyncedRecords: number
  readonly onQueueFull: 'block' | 'refuse'
  readonly report: ReportProblem
}

/** What waits for the disk. */
export interface PressedStream {
  readonly unsynced: { readonly bytes: number; readonly records: number }
  write(): void
  waitForSync(timeoutMillis: number): boolean
}

const blockMillis = 30_000

/** Bounds what may wait for the disk: above the bound the caller's tick writes and syncs, or records are refused. */
export class BackPressure {
  readonly #settings: BackPressureSettings
  #told = false

  constructor(settings: BackPressureSettings) {
    this.#settings = settings
  }

  /** More waits than this share of either bound. */
  exceeds(stream: PressedStream | undefined, share: number): boolean {
    if (stream === undefined) return false
    const { maxUnsyncedBytes, maxUnsyncedRecords } = this.#settings
    const { bytes, records } = stream.unsynced
    return bytes > maxUnsyncedBytes * share || records > maxUnsyncedRecords * share
  }

  /** True when the next record is to be refused. */
  refuses(stream: PressedStream | undefined): boolean {
    return this.#settings.onQueueFull === 'refuse' && this.exceeds(stream, 1)
  }

  /** After a record: above the bound, waits until half of it is free again. Said once until the pressure is gone. */
  apply(stream: PressedStream | undefined): void {
    if (stream === undefined || !this.exceeds(stream, 1)) return
    const { maxUnsyncedBytes, maxUnsyncedRecords, onQueueFull, report } = this.#settings
    if (!this.#told) {
      this.#told = true
      const message = `audit journal: more than ${maxUnsyncedRecords} records or ${maxUnsyncedBytes} bytes wait for the disk; ${onQueueFull === 'refuse' ? 'further records are refused until it catches up' : 'callers now wait with them'}`
      report({ code: 'queue_high_water', message })
    }
    if (onQueueFull === 'refuse') return
    stream.write()
    while (this.exceeds(stream, 0.5) && stream.waitForSync(blockMillis));
  }

  /** After a sync. */
  relieve(stream: PressedStream | undefined): void {
    if (this.#told && !this.exceeds(stream, 0.25)) this.#told = false
  }
}
