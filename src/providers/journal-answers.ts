import { diag } from '@opentelemetry/api'
import type { AuditDelivery } from '../aggregator/audit-provider.ts'
import { isAuditSlot, type AuditReceiptDurability, type AuditSlot } from '../aggregator/confirmation.ts'
import { AuditError } from '../errors.ts'
import type { AppendWaiter } from '../journal/record-codec.ts'
import type { AuditMetrics } from '../telemetry/metrics.ts'
import type { CollectorWaits } from './collector-waits.ts'

export interface JournalAnswersSettings {
  /** What a durable record is worth here. */
  readonly local: () => AuditReceiptDurability
  /** False: journal only, nothing is ever acknowledged by a collector. */
  readonly delivers: boolean
  readonly waits: CollectorWaits
  readonly metrics: AuditMetrics
}

/** Tells callers what became of their records, and counts what was refused. */
export class JournalAnswers {
  readonly #settings: JournalAnswersSettings

  constructor(settings: JournalAnswersSettings) {
    this.#settings = settings
  }

  /** Without `delivery` nobody waits: the record came from a plain `LoggerProvider`. */
  to(delivery: AuditDelivery | undefined): Answer {
    return new Answer(this.#waiter(delivery), this.#settings.metrics)
  }

  #waiter(delivery: AuditDelivery | undefined): AppendWaiter {
    if (delivery === undefined) {
      return { durable: () => undefined, refused: (error) => diag.error(`otel-audit journal: ${error.message}`) }
    }
    if (isAuditSlot(delivery)) {
      delivery.defer()
      const toCollector = delivery.durabilityFloor === 'collector'
      return {
        durable: (streamId, sequence, integrityHash) => {
          delivery.confirm({ durability: this.#settings.local(), streamId, sequence, integrityHash })
          if (toCollector) this.#awaitCollector(delivery, { streamId, sequence, integrityHash })
        },
        refused: (error) => delivery.fail(error),
      }
    }
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    delivery.acknowledge(promise)
    return { durable: () => resolve(true), refused: reject }
  }

  #awaitCollector(
    slot: AuditSlot,
    place: { readonly streamId: string; readonly sequence: number; readonly integrityHash: string },
  ): void {
    const { delivers, waits } = this.#settings
    if (!delivers) {
      slot.fail(
        new AuditError(
          'not_confirmed',
          'durability: "collector" was asked for, but collector is false: the record is in the journal only',
        ),
      )
      return
    }
    waits.add(place.streamId, {
      number: place.sequence,
      acknowledged: () => slot.confirm({ durability: 'collector', ...place }),
      failed: (error) => slot.fail(error),
    })
  }
}

/** Passes on what became of one record. */
class Answer implements AppendWaiter {
  readonly #caller: AppendWaiter
  readonly #metrics: AuditMetrics
  #refused = false

  constructor(caller: AppendWaiter, metrics: AuditMetrics) {
    this.#caller = caller
    this.#metrics = metrics
  }

  /** Also within the call that handed the record over. */
  get wasRefused(): boolean {
    return this.#refused
  }

  durable(streamId: string, number: number, hash: string): void {
    this.#caller.durable(streamId, number, hash)
  }

  refused(error: AuditError): void {
    this.#refused = true
    this.#metrics.dropped(1, error.code)
    this.#caller.refused(error)
  }
}
