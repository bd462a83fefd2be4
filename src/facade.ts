import type {
  AuditCallOptions,
  AuditLogger,
  AuditReceipt,
  AuditShutdownOptions,
  AuditTimeLimit,
  DrainResult,
  ShutdownResult,
} from './aggregator/audit-logger.ts'
import type { AuditLoggerOptions } from './config.ts'
import { createAuditLogger, createLogger } from './create-audit-logger.ts'
import { AuditError, isAuditError, type AuditProblemCode } from './errors.ts'
import type { AuditEventInput } from './event/audit-event.ts'
import { memoryProvider } from './providers/memory-provider.ts'
import type { AuditHealth } from './telemetry/health.ts'
import { createProblemReporter } from './telemetry/problems.ts'
import { describe } from './telemetry/describe-cause.ts'

const stateKey = Symbol.for('otel-audit/v1')

/** What all copies of the package in this process share. */
interface SharedState {
  /** The loggers that were installed, the newest last. */
  readonly installed: { readonly logger: AuditLogger }[]
  /** The one made from the environment. */
  made?: AuditLogger
}

function shared(): SharedState {
  const holder = globalThis as { [stateKey]?: SharedState | undefined }
  return (holder[stateKey] ??= { installed: [] })
}

/**
 * Installs what {@link auditLogger} delegates to: a logger, or the options for one. Returns the undo, which brings back
 * what was there before; a logger that was made here of options is then shut down.
 *
 * @throws AuditError `bad_config` for what is neither, and for the façade itself; `already_owned` for options
 */
export function setAuditLogger(loggerOrOptions: AuditLogger | AuditLoggerOptions): () => void {
  if (typeof (loggerOrOptions as unknown) !== 'object' || (loggerOrOptions as unknown) === null) {
    throw new AuditError('bad_config', 'setAuditLogger takes a logger or the options for one')
  }
  if (loggerOrOptions instanceof Facade) {
    throw new AuditError('bad_config', 'setAuditLogger: the façade can not delegate to itself; give it a logger')
  }
  const given = isLogger(loggerOrOptions) ? loggerOrOptions : undefined
  const entry = { logger: given ?? createAuditLogger(loggerOrOptions as AuditLoggerOptions) }
  const { installed } = shared()
  installed.push(entry)
  return () => {
    const at = installed.indexOf(entry)
    if (at < 0) return
    installed.splice(at, 1)
    if (given === undefined) entry.logger.shutdown().catch(() => undefined)
  }
}

/**
 * The logger that {@link auditLogger} delegates to. Without an installed one it is made from the environment; under a
 * test runner where nothing is configured it keeps records in memory, and says so once.
 *
 * @throws AuditError `bad_config`
 */
export function getAuditLogger(): AuditLogger {
  const state = shared()
  const newest = state.installed.at(-1)
  return newest?.logger ?? (state.made ??= fromEnvironment())
}

const testRunners = ['VITEST', 'JEST_WORKER_ID', 'NODE_TEST_CONTEXT']
const places = ['AUDIT_JOURNAL_DIR', 'AUDIT_JOURNAL', 'AUDIT_COLLECTOR_URL', 'AUDIT_COLLECTOR']

function fromEnvironment(): AuditLogger {
  const set = (name: string): boolean => (process.env[name] ?? '') !== ''
  if (!testRunners.some(set) || places.some(set)) return createAuditLogger()
  warn(
    'in_memory',
    'Under a test runner, with neither setAuditLogger nor AUDIT_JOURNAL_DIR: audit records are kept in memory only. ' +
      'Use setAuditLogger({ providers: [memoryProvider()], journal: false }) to look at them',
  )
  return createLogger({ providers: [memoryProvider()], journal: false }, { weakByIntent: true })
}

let problems: ReturnType<typeof createProblemReporter> | undefined

function warn(code: AuditProblemCode, message: string, cause?: unknown): void {
  problems ??= createProblemReporter()
  problems.report({ code, message, ...(cause === undefined ? {} : { cause }) })
}

function isLogger(value: AuditLogger | AuditLoggerOptions): value is AuditLogger {
  return 'logAction' in value && typeof value.logAction === 'function'
}

/** The façade keeps the promises of the logger also when there is none because the environment is wrong. */
class Facade implements AuditLogger {
  logAction(event: AuditEventInput, options?: AuditCallOptions): Promise<boolean> {
    const logger = loggerOrProblem()
    return isAuditError(logger) ? Promise.resolve(false) : confirmed(logger, event, options)
  }

  emit(event: AuditEventInput, options?: AuditCallOptions): Promise<AuditReceipt> {
    return delegate((logger) => logger.emit(event, options))
  }

  async track<T>(
    event: AuditEventInput | ((result: T | undefined, error?: unknown) => AuditEventInput),
    fn: () => T | Promise<T>,
    options?: AuditCallOptions,
  ): Promise<T> {
    const logger = loggerOrProblem()
    return isAuditError(logger) ? await fn() : await logger.track(event, fn, options)
  }

  ready(): Promise<void> {
    return delegate((logger) => logger.ready())
  }

  forceFlush(options?: AuditTimeLimit): Promise<void> {
    return delegate((logger) => logger.forceFlush(options))
  }

  drain(options?: AuditTimeLimit): Promise<DrainResult> {
    return delegate((logger) => logger.drain(options))
  }

  shutdown(options?: AuditShutdownOptions): Promise<ShutdownResult> {
    const { installed, made } = shared()
    // Nothing was ever recorded: a logger is not made to be shut down.
    if (installed.length === 0 && made === undefined) return Promise.resolve({ undelivered: 0 })
    return delegate((logger) => logger.shutdown(options))
  }

  health(): AuditHealth {
    const logger = loggerOrProblem()
    if (!isAuditError(logger)) return logger.health()
    const nothing = { undelivered: 0, setAside: 0, streams: 0, pendingCalls: 0, backends: {} }
    return { status: 'failing', reasons: [logger.message], ...nothing }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }
}

/** An installed logger need not be ours; what it throws must not reach the business code either. */
async function confirmed(logger: AuditLogger, event: AuditEventInput, options?: AuditCallOptions): Promise<boolean> {
  try {
    return await logger.logAction(event, options)
  } catch (cause) {
    warn('not_confirmed', `The installed audit logger failed: ${describe(cause)}`, cause)
    return false
  }
}

function delegate<T>(use: (logger: AuditLogger) => Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  try {
    resolve(use(getAuditLogger()))
  } catch (cause) {
    reject(cause)
  }
  return promise
}

/** Business code must not fail over the environment of its audit trail; the operator hears of it. */
function loggerOrProblem(): AuditLogger | AuditError {
  try {
    return getAuditLogger()
  } catch (cause) {
    const error = isAuditError(cause) ? cause : new AuditError('bad_config', describe(cause), { cause })
    warn(error.code, `No audit logger, the record is not recorded: ${error.message}`, error)
    return error
  }
}

/**
 * The stable façade for business code: import it anywhere, install what it delegates to once with
 * {@link setAuditLogger}. All copies of the package in a process share it.
 *
 * ```ts
 * import { auditLogger } from 'otel-audit'
 *
 * await auditLogger.logAction({ adminUserId: 7, action: 'create_store', targetType: 'store', targetId: 12 })
 * ```
 */
export const auditLogger: AuditLogger = new Facade()
