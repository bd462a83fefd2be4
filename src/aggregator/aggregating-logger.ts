import { context as contextApi, type Logger } from '@opentelemetry/api'
import { LoggerProvider, type LogRecordProcessor, type LoggerProviderOptions } from '@opentelemetry/sdk-logs'
import { AuditError, isAuditError, type ReportProblem } from '../errors.ts'
import { eventContentHash } from '../event/event-content.ts'
import { toLogRecord } from '../event/log-record.ts'
import type { AuditEvent, AuditEventInput } from '../event/audit-event.ts'
import type { AuditHealth } from '../telemetry/health.ts'
import { asAuditError } from './as-audit-error.ts'
import type { AuditProvider, AuditProviderProtocol } from './audit-provider.ts'
import type {
  AuditCallOptions,
  AuditConfirmBy,
  AuditLogger,
  AuditReceipt,
  AuditShutdownOptions,
  AuditTimeLimit,
  DrainResult,
  ShutdownResult,
} from './audit-logger.ts'
import { CallContext } from './call-context.ts'
import { checkCallOptions } from './call-options.ts'
import { Call, type CallHub } from './call.ts'
import { describe } from '../telemetry/describe-cause.ts'
import { DispatchProcessor } from './dispatch-processor.ts'
import { healthOf } from './logger-health.ts'
import type { JournalMember } from './journal-member.ts'
import { Lifecycle } from './lifecycle.ts'
import { PendingCalls } from './pending-calls.ts'
import { ProviderSet, type ModuleSource } from './provider-set.ts'
import { Repeats, type RepeatEntry } from './repeats.ts'
import { chooseSlots } from './choose-slots.ts'
import { awaitFirst, slotsBeyond } from './repeated-call.ts'
import type { Slot } from './slot.ts'
import { trackAction } from './track-action.ts'

export interface AggregatingLoggerSettings {
  readonly prepare: (input: unknown) => AuditEvent
  readonly report: ReportProblem
  readonly journal?: JournalMember | undefined
  readonly providers?: readonly (AuditProvider | AuditProviderProtocol)[]
  readonly modules?: ModuleSource | undefined
  readonly enrichers?: readonly LogRecordProcessor[]
  readonly resource?: NonNullable<LoggerProviderOptions['resource']> | undefined
  readonly confirmBy?: AuditConfirmBy
  /** In milliseconds; default 5,000. With `db` it is 2,000 at most. */
  readonly providerTimeoutMillis?: number
  readonly scopeVersion?: string
  readonly now?: () => Date
  /** The caller has said already that records are in memory only. */
  readonly weakByIntent?: boolean
  /** Counts the records that are dispatched, where no journal does. */
  readonly emitted?: ((records: number) => void) | undefined
  /** After the last step of shutdown. */
  readonly onShutdown?: () => void
}

const defaultTimeoutMillis = 5_000
const databaseTimeoutMillis = 2_000

/** The aggregator: one audit LoggerProvider, the providers of the enabled modules, and the confirmations of each call. */
export class AggregatingLogger implements AuditLogger, CallHub {
  readonly pending = new PendingCalls()
  readonly report: ReportProblem
  readonly now: () => Date
  readonly #settings: AggregatingLoggerSettings
  readonly #prepare: (input: unknown) => AuditEvent
  readonly #set: ProviderSet
  readonly #journal: JournalMember | undefined
  readonly #pipeline: LoggerProvider
  readonly #logger: Logger
  readonly #enrichers: readonly LogRecordProcessor[]
  readonly #confirmBy: AuditConfirmBy
  readonly #timeoutMillis: number
  readonly #repeats = new Repeats()
  readonly #lifecycle: Lifecycle
  #open = true
  #saidWeak: boolean
  #shutdown: Promise<ShutdownResult> | undefined

  constructor(settings: AggregatingLoggerSettings) {
    this.#settings = settings
    this.#prepare = settings.prepare
    this.report = settings.report
    this.now = settings.now ?? (() => new Date())
    this.#journal = settings.journal
    this.#enrichers = settings.enrichers ?? []
    this.#confirmBy = settings.confirmBy ?? 'durable'
    this.#timeoutMillis = settings.providerTimeoutMillis ?? defaultTimeoutMillis
    this.#saidWeak = settings.weakByIntent ?? false
    this.#set = new ProviderSet({
      journal: settings.journal,
      providers: settings.providers ?? [],
      modules: settings.modules,
      report: settings.report,
      onChange: (change) => settings.journal?.backendsChanged(change),
    })
    this.#lifecycle = new Lifecycle({
      set: this.#set,
      journal: settings.journal,
      enrichers: this.#enrichers,
      timeoutMillis: this.#timeoutMillis,
      report: settings.report,
      pending: this.pending,
    })
    this.#pipeline = new LoggerProvider({
      ...(settings.resource === undefined ? {} : { resource: settings.resource }),
      processors: [new DispatchProcessor(this.#enrichers, settings.report)],
      logRecordLimits: { attributeCountLimit: Infinity, attributeValueLengthLimit: Infinity },
    })
    this.#logger = this.#pipeline.getLogger('otel-audit', settings.scopeVersion)
    this.logAction = this.logAction.bind(this)
    this.emit = this.emit.bind(this)
    this.track = this.track.bind(this)
  }

  // Bound below: business code may take the methods off the logger.
  logAction(input: AuditEventInput, options?: AuditCallOptions): Promise<boolean> {
    return new Promise((resolve) => {
      try {
        this.#begin(input, options, resolve, undefined, undefined)
      } catch (error) {
        this.#refuse(error)
        resolve(false)
      }
    })
  }

  emit(input: AuditEventInput, options?: AuditCallOptions): Promise<AuditReceipt> {
    return new Promise((resolve, reject) => {
      try {
        this.#begin(input, options, undefined, resolve, reject)
      } catch (error) {
        reject(asAuditError(error))
      }
    })
  }

  track<T>(
    event: AuditEventInput | ((result: T | undefined, error?: unknown) => AuditEventInput),
    fn: () => T | Promise<T>,
    options?: AuditCallOptions,
  ): Promise<T> {
    return trackAction({ logger: this, prepare: this.#prepare, report: this.report }, event, fn, options)
  }

  async ready(): Promise<void> {
    if (!this.#open) throw new AuditError('shut_down', 'The audit logger is shut down; make a new one')
    this.#set.enabled()
    await this.#lifecycle.ready()
  }

  async forceFlush(options: AuditTimeLimit = {}): Promise<void> {
    // Shutdown flushes by itself; a flush beside or after it does nothing and does not fail (rule P7).
    if (this.#shutdown === undefined) await this.#lifecycle.forceFlush(options)
    else await this.shutdown()
  }

  async drain(options: AuditTimeLimit = {}): Promise<DrainResult> {
    return this.#shutdown === undefined ? await this.#lifecycle.drain(options) : await this.shutdown()
  }

  shutdown(options: AuditShutdownOptions = {}): Promise<ShutdownResult> {
    if (this.#shutdown !== undefined) return this.#shutdown.catch(() => ({ undelivered: this.health().undelivered }))
    this.#open = false
    this.#shutdown = this.#lifecycle.close(options).finally(() => {
      void this.#pipeline.shutdown()
      this.#settings.onShutdown?.()
    })
    return this.#shutdown
  }

  health(): AuditHealth {
    return healthOf(this.#set, this.#journal, this.pending.count, this.#open)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }

  confirmedWeakly(): void {
    if (this.#saidWeak) return
    this.#saidWeak = true
    this.report({
      code: 'no_durable_provider',
      message:
        'No durable audit provider is configured: true from logAction does not mean that a record outlives a crash. ' +
        'Leave the journal on, or add a durable provider',
    })
  }

  /** Takes one call: everything here is synchronous, so records stand in the order of their calls (rule P14). */
  #begin(
    input: AuditEventInput,
    options: AuditCallOptions | undefined,
    onAnswer: ((confirmed: boolean) => void) | undefined,
    onReceipt: ((receipt: AuditReceipt) => void) | undefined,
    onFailure: ((error: AuditError) => void) | undefined,
  ): void {
    if (!this.#open) {
      throw new AuditError('shut_down', 'The audit logger is shut down; the record was refused, not recorded')
    }
    if (options) checkCallOptions(options)
    const event = this.#prepare(input)
    const call = new Call(this, event, this.#confirmBy, this.#timeLimit(options), options)
    call.onAnswer = onAnswer
    call.onReceipt = onReceipt
    call.onFailure = onFailure
    if (input.recordId !== undefined && input.recordId !== null && this.#isRepeat(event, call, options)) return
    try {
      this.#dispatch(call, chooseSlots(this.#set, call), options)
    } catch (error) {
      call.repeat?.fail(asAuditError(error))
      throw error
    }
  }

  #dispatch(call: Call, slots: readonly Slot[], options: AuditCallOptions | undefined): void {
    call.take(slots)
    const parent = options?.context ?? contextApi.active()
    const own = slots.length === 1 && this.#enrichers.length === 0 ? slots[0] : undefined
    const record = toLogRecord(call.event)
    call.attributes = record.attributes
    this.#logger.emit({
      eventName: record.eventName,
      timestamp: record.timestamp,
      observedTimestamp: record.observedTimestamp,
      body: record.body,
      context: new CallContext(parent, call, own),
    })
    if (!call.dispatched) {
      for (const slot of slots) slot.untouched('was not reached: the audit pipeline did not take the record')
    }
    call.wait()
    this.#settings.emitted?.(1)
  }

  #isRepeat(event: AuditEvent, call: Call, options: AuditCallOptions | undefined): boolean {
    const hash = eventContentHash(event)
    const earlier = this.#repeats.find(event.recordId, hash)
    if (earlier === undefined) {
      call.repeat = this.#repeats.begin(event.recordId, hash)
      return false
    }
    const failed = (error: unknown): void => {
      // Another call's confirmation may have brought us here; it must not get this one's error.
      if (call.onFailure === undefined) this.#refuse(error)
      call.onAnswer?.(false)
      call.onFailure?.(asAuditError(error))
    }
    const confirmed = (receipt: AuditReceipt): void => {
      try {
        this.#repeat(call, receipt, earlier, options)
      } catch (error) {
        failed(error)
      }
    }
    awaitFirst(earlier, call, { deadlines: this.pending.deadlines, signal: options?.signal }, confirmed, failed)
    return true
  }

  /** The record is confirmed already: only what this call asks for beyond that is done. */
  #repeat(call: Call, receipt: AuditReceipt, entry: RepeatEntry, options: AuditCallOptions | undefined): void {
    const slots = slotsBeyond(receipt, this.#set, call)
    if (slots.length === 0) {
      call.onAnswer?.(true)
      call.onReceipt?.(receipt)
      return
    }
    call.earlier = receipt
    call.repeat = { succeed: (more) => entry.succeed(more), fail: () => undefined }
    this.#dispatch(call, slots, options)
  }

  #timeLimit(options: AuditCallOptions | undefined): number {
    if (options?.timeoutMillis !== undefined) return options.timeoutMillis
    if (options?.db === undefined || options.db === null) return this.#timeoutMillis
    return Math.min(this.#timeoutMillis, databaseTimeoutMillis)
  }

  #refuse(cause: unknown): void {
    if (isAuditError(cause) && cause.code === 'aborted') return
    const code = isAuditError(cause) ? cause.code : 'invalid_event'
    this.report({ code, message: `logAction: ${describe(cause)}`, cause })
  }
}
