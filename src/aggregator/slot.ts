import { AuditError, isAuditError } from '../errors.ts'
import type { AuditEvent } from '../event/audit-event.ts'
import type { Call } from './call.ts'
import type { AuditReceiptDurability, AuditSlot, Confirmation } from './confirmation.ts'
import { describe } from '../telemetry/describe-cause.ts'
import { goesToSeveral, type Member } from './member.ts'
import { ownEvent } from './own-event.ts'
import { promiseOf } from './promise-of.ts'

type SlotState = 'waiting' | 'dispatching' | 'taken' | 'confirmed' | 'failed'

/** One provider's part in one call. It settles once; everything after that is ignored. */
export class Slot implements AuditSlot {
  readonly member: Member
  readonly #call: Call
  #state: SlotState = 'waiting'
  #confirmation: Confirmation | undefined
  #error: AuditError | undefined
  #controller: AbortController | undefined
  #event: AuditEvent | undefined

  constructor(call: Call, member: Member) {
    this.#call = call
    this.member = member
  }

  /** Where several providers take the call, this one's own: what it does to a Date or to bytes reaches nobody else. */
  get event(): AuditEvent {
    const { event, slots } = this.#call
    if (!this.member.foreign) return event
    this.#event ??= goesToSeveral(slots) ? ownEvent(event) : event
    return this.#event
  }

  get db(): unknown {
    return this.#call.db
  }

  get durabilityFloor(): 'local' | 'collector' | undefined {
    return this.#call.floor
  }

  /** Made when somebody reads it: most records never need one. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#state === 'failed') this.#controller.abort(this.#error)
    }
    return this.#controller.signal
  }

  get open(): boolean {
    return this.#state !== 'confirmed' && this.#state !== 'failed'
  }

  get confirmed(): boolean {
    return this.#state === 'confirmed'
  }

  get error(): AuditError | undefined {
    return this.#error
  }

  get confirmation(): Confirmation | undefined {
    return this.#confirmation
  }

  get #said(): AuditReceiptDurability | undefined {
    return this.#confirmation?.durability
  }

  /** What the provider vouches for; `undefined` when it said nothing. */
  get durability(): AuditReceiptDurability | undefined {
    if (this.#said !== undefined) return this.#said
    if (!this.confirmed) return undefined
    switch (this.member.durability) {
      case 'durable':
        return 'local'
      case 'transaction':
        return 'transaction'
      default:
        return 'memory'
    }
  }

  acknowledge(done: Promise<boolean | void>): void {
    if (!this.#take('acknowledge')) {
      // Nobody asks for this answer any more; that it is a rejection must not end the process.
      promiseOf(done).catch(() => undefined)
      return
    }
    let settled: Promise<boolean | void>
    try {
      settled = Promise.resolve(done)
    } catch (cause) {
      this.failWith(cause)
      return
    }
    settled.then(
      (yes) => {
        if (yes === false) this.fail(this.#failure('provider_failed', 'said no'))
        else this.confirm()
      },
      (cause: unknown) => this.failWith(cause),
    )
  }

  defer(): void {
    this.#take('defer')
  }

  confirm(confirmation?: Confirmation): void {
    if (!this.open) return
    if (confirmation !== undefined) this.#confirmation = confirmation
    // The journal's word that a record is local comes before the collector's: kept for the receipt, not yet the answer.
    if (this.#call.floor === 'collector' && !this.member.foreign && this.#said !== 'collector') {
      this.#state = 'taken'
      return
    }
    this.#state = 'confirmed'
    this.#call.settled(this)
  }

  fail(error: AuditError): void {
    if (!this.open) return
    this.#error = error
    this.#state = 'failed'
    // A factory that never comes back must not collect the slots of calls that are over.
    this.member.waiting.delete(this)
    this.#controller?.abort(error)
    this.#call.settled(this)
  }

  /** Fails with whatever a provider threw; an AuditError keeps its own code. */
  failWith(cause: unknown): void {
    if (!this.open) return
    this.fail(isAuditError(cause) ? cause : this.#failure('provider_failed', `failed: ${describe(cause)}`, cause))
  }

  expire(): void {
    if (!this.open) return
    const waited = `did not answer within ${this.#call.timeoutMillis} ms`
    this.fail(this.#failure('provider_timeout', waited))
  }

  abort(error: AuditError): void {
    this.fail(error)
  }

  /** The provider's factory came back: the record goes to it now, unless the call is over for this slot. */
  start(): void {
    if (this.#state === 'waiting') this.#call.deliver(this)
  }

  /** The provider's factory failed. */
  drop(error: AuditError): void {
    this.fail(error)
  }

  /** Before `onEmit`. */
  begin(): void {
    if (this.#state === 'waiting') this.#state = 'dispatching'
  }

  /** After `onEmit`: a provider that neither took nor settled the record has said nothing about it. */
  end(): void {
    if (this.#state !== 'dispatching') return
    this.fail(this.#failure('not_confirmed', 'did not acknowledge the record inside onEmit'))
  }

  /** For a slot that no provider was ever asked for. */
  untouched(reason: string): void {
    if (this.#state === 'waiting') this.fail(this.#failure('not_confirmed', reason))
  }

  #take(how: string): boolean {
    if (this.#state === 'dispatching') {
      this.#state = 'taken'
      return true
    }
    if (this.#state !== 'failed' || this.#error?.code === 'not_confirmed') {
      this.#call.misuse(
        this,
        `${how} was called ${this.#state === 'taken' ? 'twice' : 'outside onEmit'}; it is ignored`,
      )
    }
    return false
  }

  #failure(code: 'provider_failed' | 'provider_timeout' | 'not_confirmed', what: string, cause?: unknown): AuditError {
    const message = `Audit backend "${this.member.name}" ${what}; record ${this.#call.event.recordId} is not confirmed by it`
    return new AuditError(code, message, cause === undefined ? {} : { cause })
  }
}
