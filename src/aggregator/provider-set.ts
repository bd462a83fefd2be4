import { AuditError, type ReportProblem } from '../errors.ts'
import type { AuditProvider, AuditProviderProtocol, ModuleDefinition } from './audit-provider.ts'
import { describe } from '../telemetry/describe-cause.ts'
import { memberOf, type Backend, type Member } from './member.ts'
import { ModuleProvider, type ModuleHost } from './module-provider.ts'
import { claim, release, type Owned } from './ownership.ts'
import { promiseOf } from './promise-of.ts'
import { asProcessor } from './protocol-provider.ts'

export type ModuleSource = Iterable<ModuleDefinition> | (() => Iterable<ModuleDefinition>)

export interface ProviderSetSettings {
  readonly journal?: Backend | undefined
  readonly providers: readonly (AuditProvider | AuditProviderProtocol)[]
  readonly modules?: ModuleSource | undefined
  readonly report: ReportProblem
  readonly onChange?: ((change: BackendChange) => void) | undefined
}

/** The names of the backends that take records from now on; which of them did not before, and which do no more. */
export interface BackendChange {
  readonly backends: readonly string[]
  readonly enabled: readonly string[]
  readonly disabled: readonly string[]
}

/** All providers of one logger: the journal first, then those given in code, then those of the modules. */
export class ProviderSet implements ModuleHost {
  readonly report: ReportProblem
  readonly journal: Member | undefined
  readonly #fixed: readonly Member[]
  readonly #source: ModuleSource | undefined
  readonly #modules = new Map<string, ModuleProvider>()
  readonly #owned: Owned[] = []
  readonly #onChange: ((change: BackendChange) => void) | undefined
  #last: readonly Member[] = []
  #round = 0
  #closed = false

  /** @throws AuditError `bad_config` for two providers of one name or an unknown durability, `already_owned` */
  constructor(settings: ProviderSetSettings) {
    this.report = settings.report
    this.#source = lasting(settings.modules)
    this.journal = settings.journal === undefined ? undefined : memberOf(settings.journal, false)
    if (settings.journal !== undefined) this.claim(settings.journal)
    const fixed = this.journal === undefined ? [] : [this.journal]
    try {
      for (const provider of settings.providers) fixed.push(this.#take(provider, fixed))
    } catch (error) {
      this.close()
      throw error
    }
    this.#fixed = fixed
    this.#onChange = settings.onChange
    this.#compare(fixed)
  }

  get closed(): boolean {
    return this.#closed
  }

  claim(provider: Owned): void {
    claim(provider, this)
    this.#owned.push(provider)
  }

  taken(name: string, except: Member): boolean {
    for (const member of this.known()) {
      if (member !== except && member.name === name) return true
    }
    return false
  }

  /** Who takes a call now. Modules are asked each time; factories that are due run here. */
  enabled(): readonly Member[] {
    if (this.#source === undefined) return this.#fixed
    const members = [...this.#fixed]
    for (const module of this.#enabledModules()) {
      const member = module.provider.resolve(module.definition)
      if (member !== undefined) members.push(member)
    }
    this.#compare(members)
    return members
  }

  /** Every provider that is there, also of modules that are not enabled now. */
  *known(): Iterable<Member> {
    yield* this.#fixed
    for (const { member } of this.#modules.values()) {
      if (member.provider !== undefined) yield member
    }
  }

  modules(): Iterable<ModuleProvider> {
    return this.#modules.values()
  }

  /** True when a provider that is there is durable, whether or not it takes a given call. */
  get hasDurable(): boolean {
    for (const member of this.known()) {
      if (member.durability === 'durable') return true
    }
    return false
  }

  /** Gives every provider object back. */
  close(): void {
    this.#closed = true
    for (const provider of this.#owned) release(provider, this)
  }

  #take(provider: AuditProvider | AuditProviderProtocol, others: readonly Member[]): Member {
    const member = memberOf(asProcessor(provider), true)
    if (others.some(({ name }) => name === member.name)) {
      throw new AuditError('bad_config', `providers: two providers are named "${member.name}"; name one anew`)
    }
    this.claim(provider)
    return member
  }

  #compare(members: readonly Member[]): void {
    const last = this.#last
    if (members.length === last.length && members.every((member, index) => member === last[index])) return
    this.#last = members
    this.#onChange?.({
      backends: namesOf(members),
      enabled: namesOf(members.filter((member) => !last.includes(member))),
      disabled: namesOf(last.filter((member) => !members.includes(member))),
    })
  }

  *#enabledModules(): Iterable<{ provider: ModuleProvider; definition: ModuleDefinition }> {
    const round = ++this.#round
    for (const definition of this.#definitions()) {
      const provider = this.#providerOf(definition, round)
      if (provider !== undefined) yield { provider, definition }
    }
  }

  /** `undefined` when this entry's provider does not take the call. An entry is somebody else's code: reading it may throw. */
  #providerOf(definition: ModuleDefinition, round: number): ModuleProvider | undefined {
    try {
      const code = codeOf(definition)
      if (code === undefined) {
        const message = 'modules: an entry without a code was passed over; a module needs { code, auditProvider }'
        this.report({ code: 'bad_config', message })
        return undefined
      }
      if (!bringsProvider(definition) || !this.#isEnabled(code, definition)) return undefined
      const provider = this.#modules.get(code) ?? new ModuleProvider(code, this)
      this.#modules.set(code, provider)
      if (provider.seen === round) {
        const message = `modules: two modules have the code "${code}"; the second one's provider is disabled`
        this.report({ code: 'duplicate_backend', message })
        return undefined
      }
      provider.seen = round
      return provider
    } catch (cause) {
      const message = `modules: an entry could not be read: ${describe(cause)}; its provider does not take this call`
      this.report({ code: 'provider_failed', message, cause })
      return undefined
    }
  }

  #definitions(): Iterable<ModuleDefinition> {
    try {
      const listed = typeof this.#source === 'function' ? this.#source() : (this.#source ?? [])
      refusePromise(listed)
      return [...listed]
    } catch (cause) {
      const message = `modules could not be listed: ${describe(cause)}; no module's provider takes this call`
      this.report({ code: 'provider_failed', message, cause })
      return []
    }
  }

  #isEnabled(code: string, definition: ModuleDefinition): boolean {
    try {
      const answer: unknown =
        typeof definition.enabled === 'function' ? definition.enabled() : (definition.enabled ?? true)
      refusePromise(answer)
      return Boolean(answer)
    } catch (cause) {
      const message = `Module "${code}": enabled failed (${describe(cause)}); its provider does not take this call`
      this.report({ code: 'provider_failed', message, cause })
      return false
    }
  }
}

/** A promise is no answer, and its rejection must not end the process. */
function refusePromise(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null || !('then' in answer)) return
  promiseOf(answer).catch(() => undefined)
  throw new TypeError('it returned a promise, and must answer at once')
}

/** A generator gives its modules once; a list may still grow and is read anew for each call. */
function lasting(source: ModuleSource | undefined): ModuleSource | undefined {
  if (source === undefined || typeof source === 'function') return source
  const once: unknown = source[Symbol.iterator]()
  return once === source ? [...source] : source
}

function codeOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { code } = value as { readonly code?: unknown }
  return typeof code === 'string' ? code : undefined
}

function bringsProvider(definition: { readonly auditProvider?: unknown }): boolean {
  return definition.auditProvider !== undefined && definition.auditProvider !== null
}

function namesOf(members: readonly Member[]): string[] {
  return members.map(({ name }) => name)
}
