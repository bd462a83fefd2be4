import type { ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { AuditError, type ReportProblem } from '../errors.ts'
import type { AuditEvent } from '../event/audit-event.ts'
import type { AuditCallOptions, AuditConfirmBy, AuditReceipt } from './audit-logger.ts'
import { emitTo } from './emit-to.ts'
import { CallContext } from './call-context.ts'
import type { Expiring } from './deadline-queue.ts'
import type { PendingCalls } from './pending-calls.ts'
import { buildReceipt, failureOf } from './receipt.ts'
import type { RepeatEntry } from './repeats.ts'
import type { Slot } from './slot.ts'
import { verdict } from './verdict.ts'

/** What calls share. */
export interface CallHub {
  readonly pending: PendingCalls
  readonly report: ReportProblem
  readonly now: () => Date
  /** A call was confirmed although no durable provider took it. */
  confirmedWeakly(): void
}

const noSlots: readonly Slot[] = []

/** One call of `logAction` or `emit`, from the dispatch until its last provider has settled. */
export class Call implements Expiring {
  readonly event: AuditEvent
  readonly db: unknown
  readonly floor: 'local' | 'collector' | undefined
  readonly rule: AuditConfirmBy
  /** Names of `backends`, when the caller gave them. */
  readonly only: readonly string[] | undefined
  readonly timeoutMillis: number
  slots: readonly Slot[] = noSlots
  /** On their way into the record. */
  attributes: Readonly<Record<string, unknown>> | undefined
  /** For providers whose factory is still under way. */
  record: ReadWriteLogRecord | undefined
  context: CallContext | undefined
  dispatched = false
  confirmedAt: Date | undefined

  /** How `logAction` learns the answer: as soon as it is certain. */
  onAnswer: ((confirmed: boolean) => void) | undefined
  /** How `emit` learns the end: when every slot has settled. */
  onReceipt: ((receipt: AuditReceipt) => void) | undefined
  onFailure: ((error: AuditError) => void) | undefined
  repeat: Pick<RepeatEntry, 'succeed' | 'fail'> | undefined
  /** Set when the record was confirmed before and this call asks for more. */
  earlier: AuditReceipt | undefined
  /** A durable backend among those that this call asks for has it from then. */
  earlierIsDurable = false

  deadline = 0
  previous: Expiring | undefined = undefined
  next: Expiring | undefined = undefined

  readonly #hub: CallHub
  #open = 0
  #answer: boolean | undefined
  #pending = false
  #held = false
  readonly #signal: AbortSignal | undefined
  #onAbort: (() => void) | undefined
  #aborted: AuditError | undefined

  constructor(
    hub: CallHub,
    event: AuditEvent,
    rule: AuditConfirmBy,
    timeoutMillis: number,
    options?: AuditCallOptions,
  ) {
    this.#hub = hub
    this.event = event
    this.rule = rule
    this.timeoutMillis = timeoutMillis
    this.db = options?.db
    this.floor = options?.durability
    this.only = options?.backends
    this.#signal = options?.signal
  }

  get wantsEnd(): boolean {
    return this.onReceipt !== undefined || this.repeat !== undefined
  }

  take(slots: readonly Slot[]): void {
    this.slots = slots
    this.#open = slots.length
  }

  /** After the synchronous dispatch: waits for what is still open. */
  wait(): void {
    if (this.#open === 0) return
    this.#pending = true
    const foreign = this.slots.some((slot) => slot.open && slot.member.foreign)
    this.#held = (foreign || this.floor === 'collector') && this.#awaited
    this.#hub.pending.begin(this, { held: this.#held, foreign })
    if (this.#signal !== undefined) {
      this.#onAbort = () => {
        this.#abort()
      }
      this.#signal.addEventListener('abort', this.#onAbort, { once: true })
      // A provider may have aborted it while it was handed the record.
      if (this.#signal.aborted) this.#abort()
    }
  }

  settled(slot: Slot): void {
    this.#open--
    if (slot.confirmed) {
      this.confirmedAt ??= this.#hub.now()
      slot.member.lastFailure = undefined
    } else if (slot.error !== undefined && slot.error !== this.#aborted) {
      slot.member.lastFailure = slot.error.message
      this.#hub.report({
        code: slot.error.code,
        message: slot.error.message,
        backend: slot.member.name,
        recordId: this.event.recordId,
        cause: slot.error,
      })
    }
    this.#decide()
  }

  /** Hands the record to the provider of one slot; whatever the provider does stays in this slot. */
  deliver(slot: Slot): void {
    const { record, context } = this
    const { name, provider } = slot.member
    if (record === undefined || context === undefined || provider === undefined) return
    if (this.only !== undefined && !this.only.includes(name)) {
      this.#withdraw(slot)
      return
    }
    slot.begin()
    try {
      const own = context.slot === slot ? context : new CallContext(context.parent, this, slot)
      emitTo(provider, record, own, (cause) => slot.failWith(cause))
    } catch (cause) {
      slot.failWith(cause)
    }
    slot.end()
  }

  /** A factory came back with a backend that this call does not ask for. */
  #withdraw(slot: Slot): void {
    this.slots = this.slots.filter((other) => other !== slot)
    this.#open--
    this.#decide()
  }

  /** Looks again whether the answer is certain, or everything over. */
  #decide(): void {
    if (this.#answer === undefined && !this.#inTransaction()) {
      this.#answer = verdict(this)
      if (this.#answer !== undefined) {
        if (
          this.#answer &&
          this.earlier === undefined &&
          this.only === undefined &&
          !this.slots.some((slot) => slot.member.durability === 'durable')
        ) {
          this.#hub.confirmedWeakly()
        }
        this.onAnswer?.(this.#answer)
        this.#letGo()
      }
    }
    if (this.#open === 0) this.#finish()
  }

  /** Somebody still has to hear how it ends. */
  get #awaited(): boolean {
    return this.wantsEnd || this.#answer === undefined
  }

  /** What is still open after the answer must not keep the process alive. */
  #letGo(): void {
    if (!this.#held || this.#awaited) return
    this.#held = false
    this.#hub.pending.deadlines.release()
  }

  /** Who awaits a call with `db` may end the transaction then: no provider may still be using the session. */
  #inTransaction(): boolean {
    if (this.db === undefined) return false
    return this.slots.some(({ open, member }) => open && (member.durability ?? 'transaction') === 'transaction')
  }

  misuse(slot: Slot, what: string): void {
    this.#hub.report({
      code: 'provider_failed',
      message: `Audit backend "${slot.member.name}": ${what}`,
      backend: slot.member.name,
      recordId: this.event.recordId,
    })
  }

  expire(): void {
    for (const slot of this.slots) slot.expire()
  }

  #abort(): void {
    const message = `The caller gave up on record ${this.event.recordId}; it may still be recorded`
    const error = new AuditError('aborted', message, { cause: this.#signal?.reason as unknown })
    this.#aborted = error
    for (const slot of this.slots) slot.abort(error)
  }

  #finish(): void {
    this.record = undefined
    this.context = undefined
    if (this.#pending) {
      this.#pending = false
      if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
      this.#hub.pending.end(this, this.#held)
    }
    if (this.#answer === false && this.onReceipt === undefined) this.#tellUnmet()
    if (!this.wantsEnd) return
    if (this.#answer === true && this.#aborted === undefined) {
      const receipt = buildReceipt(this, this.#hub.now)
      this.repeat?.succeed(receipt)
      this.onReceipt?.(receipt)
    } else {
      const error = failureOf(this, this.#aborted, this.#hub.now)
      this.repeat?.fail(error)
      this.onFailure?.(error)
    }
    this.repeat = undefined
  }

  /** Every provider was fine, and still it is not what the call asked for: who gets `false` finds the reason. */
  #tellUnmet(): void {
    if (this.#aborted !== undefined || this.slots.some((slot) => slot.error !== undefined)) return
    const { code, message } = failureOf(this, undefined, this.#hub.now)
    this.#hub.report({ code, message, recordId: this.event.recordId })
  }
}
