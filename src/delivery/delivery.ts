import { AuditError, type ReportProblem } from '../errors.ts'
import type { DeliveryCursor, JournalSource } from '../journal/journal-source.ts'
import type { AuditMetrics } from '../telemetry/metrics.ts'
import type { CollectorSettings } from './collector-settings.ts'
import { DeliveryLoop } from './delivery-loop.ts'
import type { DeliveryStatus } from './delivery-status.ts'
import { KeepAlive } from './keep-alive.ts'
import type { DeliveryTimers } from './nap.ts'

export type { DeliveryStatus } from './delivery-status.ts'

export interface DeliveryOptions {
  readonly source: JournalSource
  readonly collector: CollectorSettings
  readonly onProblem: ReportProblem
  readonly metrics: AuditMetrics
  /** After each advance of a cursor: everything of the stream through it is acknowledged or set aside. */
  readonly onDelivered?: (streamId: string, cursor: DeliveryCursor) => void
  /** Version of this package, for the User-Agent. */
  readonly version?: string
  readonly random?: () => number
  /** Epoch milliseconds. */
  readonly now?: () => number
  readonly timers?: DeliveryTimers
}

export interface DrainOptions {
  /** Default: no limit. */
  readonly timeoutMillis?: number
  readonly signal?: AbortSignal
  /** Asked after each advance: true = what the caller waits for is delivered, though more may have come since. */
  readonly until?: () => boolean
}

/** Carries the journal's durable records to the collector, retrying for ever (rules P8, P9). */
export interface Delivery {
  /** Begins. Nothing is opened before there is something to deliver. */
  start(): void
  /** There may be more to deliver; ends no back-off. */
  wake(): void
  /**
   * Resolves true once everything durable is delivered (or `until` says so), false at the time limit or when delivery
   * stops. Ends a running back-off once, and keeps the process alive meanwhile. @throws AuditError `aborted`
   */
  drain(options?: DrainOptions): Promise<boolean>
  /** No new request; waits for the one in flight (default 5,000 ms), closes the sockets, writes the cursors. */
  stop(options?: { readonly timeoutMillis?: number }): Promise<void>
  status(): DeliveryStatus
}

export function createDelivery(options: DeliveryOptions): Delivery {
  return new JournalDelivery(options)
}

const defaultStopMillis = 5_000

class JournalDelivery implements Delivery {
  readonly #options: DeliveryOptions
  readonly #loop: DeliveryLoop
  readonly #keepAlive = new KeepAlive()
  readonly #drains = new Set<(event: 'idle' | 'advanced' | 'stopped') => void>()
  #unsubscribe: (() => void) | undefined
  #running: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#loop = new DeliveryLoop(options, {
      onIdle: () => this.#tellDrains('idle'),
      onAdvance: (stream, cursor) => {
        options.onDelivered?.(stream, cursor)
        this.#tellDrains('advanced')
      },
    })
  }

  start(): void {
    if (this.#running !== undefined || this.#stopped !== undefined) return
    this.#unsubscribe = this.#options.source.onMore(() => this.wake())
    this.#running = this.#loop.run()
  }

  wake(): void {
    this.#loop.wake()
  }

  async drain(options: DrainOptions = {}): Promise<boolean> {
    const { timeoutMillis, signal, until } = options
    if (signal?.aborted === true) throw aborted(signal)
    if (this.#stopped !== undefined) return false
    this.start()
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const onEvent = (event: 'idle' | 'advanced' | 'stopped'): void => {
      if (event !== 'advanced') resolve(event === 'idle')
      else if (until?.() === true) resolve(true)
    }
    const onAbort = (): void => reject(aborted(signal))
    const release = this.#keepAlive.hold()
    const timer = timeoutMillis === undefined ? undefined : setTimeout(() => resolve(false), timeoutMillis)
    this.#drains.add(onEvent)
    signal?.addEventListener('abort', onAbort)
    try {
      this.#loop.hurry()
      return await promise
    } finally {
      this.#drains.delete(onEvent)
      signal?.removeEventListener('abort', onAbort)
      clearTimeout(timer)
      release()
    }
  }

  stop(options: { readonly timeoutMillis?: number } = {}): Promise<void> {
    this.#stopped ??= this.#stop(options.timeoutMillis ?? defaultStopMillis)
    return this.#stopped
  }

  status(): DeliveryStatus {
    return this.#loop.status()
  }

  async #stop(timeoutMillis: number): Promise<void> {
    const release = this.#keepAlive.hold()
    const timer = setTimeout(() => this.#loop.abort(), timeoutMillis)
    this.#unsubscribe?.()
    this.#loop.stop()
    await this.#running
    clearTimeout(timer)
    this.#loop.abort()
    this.#tellDrains('stopped')
    try {
      await this.#options.source.flushCursors()
    } catch (cause) {
      const message = 'The delivery cursors could not be written; some records will be sent again after a restart'
      this.#options.onProblem({ code: 'disk_error', message, cause })
    }
    release()
  }

  #tellDrains(event: 'idle' | 'advanced' | 'stopped'): void {
    for (const tell of [...this.#drains]) tell(event)
  }
}

function aborted(signal: AbortSignal | undefined): AuditError {
  const message = 'Waiting for delivery was given up; what is not delivered stays in the journal'
  return new AuditError('aborted', message, { cause: signal?.reason })
}
