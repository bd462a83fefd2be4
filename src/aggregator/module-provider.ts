import { AuditError, isAuditError, type ReportProblem } from '../errors.ts'
import { isAuditProvider, type ModuleDefinition } from './audit-provider.ts'
import { describe } from '../telemetry/describe-cause.ts'
import { memberOf, type Member } from './member.ts'
import type { Owned } from './ownership.ts'
import { promiseOf } from './promise-of.ts'
import { asProcessor } from './protocol-provider.ts'
import { attempt } from './time-limit.ts'

/** What a module's provider needs to know of the others. */
export interface ModuleHost {
  readonly report: ReportProblem
  /** Makes the made provider ours. @throws AuditError `already_owned` */
  claim(provider: Owned): void
  /** True when another member has this name. */
  taken(name: string, except: Member): boolean
  readonly closed: boolean
}

const firstBackoffMillis = 1_000
const longestBackoffMillis = 60_000

type State = 'idle' | 'pending' | 'ready' | 'failed' | 'duplicate'

/**
 * One module's provider: made by its factory at the first call that finds the module enabled, once. A factory that
 * fails disables the provider, is reported, and is tried again by the first call after a back-off.
 */
export class ModuleProvider {
  readonly code: string
  readonly member: Member
  /** The call that saw this module last; two modules of one code in one call are a mistake. */
  seen = -1
  /** The object that a factory made, which ownership goes by. */
  made: object | undefined
  readonly #host: ModuleHost
  #state: State = 'idle'
  #pending: Promise<void> | undefined
  #backoff = firstBackoffMillis
  #retryAt = 0

  constructor(code: string, host: ModuleHost) {
    this.code = code
    this.#host = host
    this.member = {
      name: `module ${code}`,
      provider: undefined,
      durability: undefined,
      foreign: true,
      waiting: new Set(),
      lastFailure: undefined,
    }
  }

  /** Set while the factory is under way. */
  get pending(): Promise<void> | undefined {
    return this.#pending
  }

  /** Why the module's provider takes no calls, if it does not. */
  get failure(): string | undefined {
    return this.#state === 'failed' || this.#state === 'duplicate' ? this.member.lastFailure : undefined
  }

  /** The member that takes this call, or `undefined` while the provider is disabled. Runs the factory when due. */
  resolve(definition: ModuleDefinition): Member | undefined {
    if (this.#state === 'ready' || this.#state === 'pending') return this.member
    if (this.#state === 'duplicate') return undefined
    if (this.#state === 'failed' && performance.now() < this.#retryAt) return undefined
    this.#make(definition)
    // The switch above narrowed the state; making has changed it.
    const after = this.#state as State
    return after === 'ready' || after === 'pending' ? this.member : undefined
  }

  #make(definition: ModuleDefinition): void {
    // Before the factory runs: it may itself record something.
    this.#state = 'pending'
    try {
      const made: unknown = definition.auditProvider?.()
      if (!isThenable(made)) {
        this.#accept(made)
        return
      }
      this.#pending = promiseOf(made).then(
        (provider) => this.#accept(provider),
        (cause: unknown) => this.#fail(cause),
      )
    } catch (cause) {
      this.#fail(cause)
    }
  }

  /** Never throws: what is wrong with the object that a module made is its own provider's failure. */
  #accept(made: unknown): void {
    this.#pending = undefined
    try {
      const found = this.#checked(made)
      if (this.#host.taken(found.name, this.member)) {
        this.#duplicate(found.name)
        return
      }
      this.#host.claim(made as Owned)
      this.made = made as Owned
      this.member.name = found.name
      this.member.durability = found.durability
      this.member.provider = found.provider
    } catch (cause) {
      this.#fail(cause)
      return
    }
    this.#state = 'ready'
    this.#backoff = firstBackoffMillis
    this.member.lastFailure = undefined
    if (this.#host.closed) attempt(() => this.member.provider?.shutdown()).catch(() => undefined)
    for (const slot of this.#drainWaiting()) slot.start()
  }

  /** @throws AuditError `provider_failed`, `bad_config`; whatever a getter of the object throws */
  #checked(made: unknown): Member {
    if (isAuditProvider(made)) return memberOf(asProcessor(made), true)
    throw new AuditError(
      'provider_failed',
      'did not return an audit provider: it needs a name in auditBackend (/^[a-z][a-z0-9_-]{0,31}$/) and either ' +
        'onEmit, forceFlush and shutdown, or logAction',
    )
  }

  #fail(cause: unknown): void {
    this.#pending = undefined
    this.#state = 'failed'
    this.#retryAt = performance.now() + this.#backoff
    const message =
      `The audit provider of module "${this.code}" could not be made: ${describe(cause)}; ` +
      `it is tried again in ${this.#backoff / 1000} s`
    this.#backoff = Math.min(this.#backoff * 2, longestBackoffMillis)
    const code = isAuditError(cause) ? cause.code : 'provider_failed'
    this.#giveUp(code, message, cause)
  }

  #duplicate(name: string): void {
    this.#state = 'duplicate'
    const message =
      `Module "${this.code}" brings a second audit backend named "${name}"; its provider is disabled: ` +
      'give it another auditBackend, or bring one of the two only'
    this.#giveUp('duplicate_backend', message, undefined)
  }

  #giveUp(code: AuditError['code'], message: string, cause: unknown): void {
    this.member.lastFailure = message
    this.#host.report({ code, message, backend: this.member.name, ...(cause === undefined ? {} : { cause }) })
    const error = new AuditError(code, message, cause === undefined ? {} : { cause })
    for (const slot of this.#drainWaiting()) slot.drop(error)
  }

  #drainWaiting() {
    const waiting = [...this.member.waiting]
    this.member.waiting.clear()
    return waiting
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
