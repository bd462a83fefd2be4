import type { LogRecordProcessor } from '@opentelemetry/sdk-logs'
import { AuditError, isAuditError, type ReportProblem } from '../errors.ts'
import type { AuditShutdownOptions, AuditTimeLimit, DrainResult, ShutdownResult } from './audit-logger.ts'
import { describe } from '../telemetry/describe-cause.ts'
import type { JournalMember } from './journal-member.ts'
import type { PendingCalls } from './pending-calls.ts'
import type { ProviderSet } from './provider-set.ts'
import { attempt, unlessAborted, within } from './time-limit.ts'

export interface LifecycleSettings {
  readonly set: ProviderSet
  readonly journal: JournalMember | undefined
  readonly enrichers: readonly LogRecordProcessor[]
  readonly timeoutMillis: number
  readonly report: ReportProblem
  readonly pending: PendingCalls
}

const defaultShutdownMillis = 10_000
/** By then the pending calls, and by then the providers beside the journal, have to be over. */
const pendingShare = 0.5
const providerShare = 0.75

/** Start, flush and end of all providers of one logger; each provider's failure stays its own. */
export class Lifecycle {
  readonly #settings: LifecycleSettings

  constructor(settings: LifecycleSettings) {
    this.#settings = settings
  }

  async ready(): Promise<void> {
    await Promise.all([this.#settings.journal?.ready(), this.#factories(this.#settings.timeoutMillis)])
  }

  async forceFlush({ signal, timeoutMillis: limit = Infinity }: AuditTimeLimit): Promise<void> {
    await unlessAborted(() => this.#flush(limit), signal, 'forceFlush')
  }

  async #flush(limit: number): Promise<void> {
    const { set, timeoutMillis, pending } = this.#settings
    await this.#factories(Math.min(limit, timeoutMillis))
    // A provider may have nothing to flush and still have records on their way.
    await within(pending.untilForeign(), limit, 'forceFlush of the pending audit calls')
    const members = [...set.known()]
    const outcomes = await Promise.allSettled(
      members.map(({ name, provider, foreign }) => {
        const millis = foreign ? Math.min(limit, timeoutMillis) : limit
        return within(
          attempt(() => provider?.forceFlush()),
          millis,
          `forceFlush of audit backend "${name}"`,
        )
      }),
    )
    // The journal stands first, so its error is the one that is told.
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'rejected') throw flushError(members[index]?.name ?? '', outcome.reason)
    }
  }

  async drain(options: AuditTimeLimit): Promise<DrainResult> {
    const { journal } = this.#settings
    if (journal !== undefined) return { undelivered: (await journal.drain(options)).undelivered }
    await this.forceFlush(options)
    return { undelivered: 0 }
  }

  async close(options: AuditShutdownOptions): Promise<ShutdownResult> {
    const { set, journal, enrichers, pending } = this.#settings
    const start = performance.now()
    const total = options.timeoutMillis ?? defaultShutdownMillis
    // Who hangs must not use up the time that the journal needs to end its stream, and to drain.
    const left = (share = 1): number => Math.max(1, Math.round(start + share * total - performance.now()))
    await this.#factories(Math.min(left(pendingShare), this.#settings.timeoutMillis))
    await this.#quietly('the pending audit calls', left(pendingShare), () => pending.untilIdle())
    const closing = [...set.known()].filter(({ foreign }) => foreign)
    await Promise.all([
      ...closing.map(({ name, provider }) =>
        this.#quietly(`audit backend "${name}"`, left(providerShare), () => provider?.shutdown()),
      ),
      ...enrichers.map((enricher) =>
        this.#quietly('an audit enricher', left(providerShare), () => enricher.shutdown()),
      ),
    ])
    try {
      const result = await journal?.shutdown({ timeoutMillis: left(), drain: options.drain ?? false })
      return { undelivered: result?.undelivered ?? 0 }
    } finally {
      set.close()
    }
  }

  /** Waits for the factories under way, at most so long; their failures are reported where they arise. */
  async #factories(timeoutMillis: number): Promise<void> {
    const pending = Array.from(this.#settings.set.modules(), (module) => module.pending)
    const work = pending.filter((one) => one !== undefined)
    if (work.length > 0) await within(Promise.all(work), timeoutMillis, 'a provider factory').catch(() => undefined)
  }

  async #quietly(what: string, timeoutMillis: number, work: () => unknown): Promise<void> {
    try {
      await within(attempt(work), timeoutMillis, `Closing ${what}`)
    } catch (cause) {
      const code = isAuditError(cause) ? cause.code : 'provider_failed'
      this.#settings.report({ code, message: `During shutdown, closing ${what}: ${describe(cause)}`, cause })
    }
  }
}

function flushError(name: string, cause: unknown): AuditError {
  if (isAuditError(cause)) return cause
  return new AuditError('provider_failed', `forceFlush of audit backend "${name}" failed: ${describe(cause)}`, {
    cause,
  })
}
