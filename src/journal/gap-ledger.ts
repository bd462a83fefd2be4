import type { AuditErrorCode } from '../errors.ts'
import type { AppendWaiter } from './record-codec.ts'

/** Records that were refused or set aside for one reason: not confirmed, which is not to say that they are lost. */
export interface Gap {
  readonly reason: AuditErrorCode | 'set_aside'
  readonly count: number
  readonly firstMillis: number
  readonly lastMillis: number
}

export interface GapLedgerSettings {
  readonly now: () => number
  /** Appends the record that tells of a gap. @throws when it can't be written now */
  readonly write: (gap: Gap, waiter: AppendWaiter, time: TellingTime) => void
}

/** `last`: the stream ends in order after this. */
export type TellingTime = 'now' | 'last'

const retryMillis = 1_000

/** What the trail still has to tell of its own gaps: told with the next record, or by itself once it can be written. */
export class GapLedger {
  readonly #settings: GapLedgerSettings
  readonly #gaps = new Map<Gap['reason'], Gap>()
  #timer: NodeJS.Timeout | undefined

  constructor(settings: GapLedgerSettings) {
    this.#settings = settings
  }

  get empty(): boolean {
    return this.#gaps.size === 0
  }

  add(reason: Gap['reason'], count: number): void {
    const now = this.#settings.now()
    this.#merge({ reason, count, firstMillis: now, lastMillis: now })
  }

  /** Writes what there is to tell; what can't be written, or is refused later, is told another time. */
  tell(time: TellingTime = 'now'): void {
    const gaps = [...this.#gaps.values()]
    this.#gaps.clear()
    for (const gap of gaps) {
      try {
        const waiter: AppendWaiter = { durable: () => undefined, refused: () => this.#merge(gap), ofPipeline: true }
        this.#settings.write(gap, waiter, time)
      } catch {
        this.#merge(gap) // why is reported where it arose
      }
    }
    if (this.empty) this.close()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #merge(gap: Gap): void {
    const known = this.#gaps.get(gap.reason)
    const { reason, count, firstMillis, lastMillis } = gap
    const sum = {
      reason,
      count: count + (known?.count ?? 0),
      firstMillis: Math.min(firstMillis, known?.firstMillis ?? Infinity),
      lastMillis: Math.max(lastMillis, known?.lastMillis ?? 0),
    }
    this.#gaps.set(reason, sum)
    this.#timer ??= setInterval(() => this.tell(), retryMillis).unref()
  }
}
