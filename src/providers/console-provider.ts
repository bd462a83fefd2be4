import type { Context } from '@opentelemetry/api'
import type { ForceFlushOptions, ReadableLogRecord, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { getAuditDelivery, type AuditProvider } from '../aggregator/audit-provider.ts'
import type { AuditEvent } from '../event/audit-event.ts'
import { AuditError } from '../errors.ts'
import { eventFromRecord, isAuditRecord } from './audit-log-record.ts'
import { detailsJson } from './details-json.ts'
import { checkedBackend, checkKnownOptions } from './provider-options.ts'
import { providerFailure, settlementOf, shutDownError, type Settlement } from './settlement.ts'
import { defaultTimeLimitMillis, withinLimit } from './time-limit.ts'
import { visibleText } from './visible-text.ts'

export interface ConsoleProviderOptions {
  /** Takes one line, with its newline; may return a promise. Default: the stream `stream` of this process. */
  readonly write?: (line: string) => unknown
  /** Which stream of the process, when there is no `write`. Default: `stdout`. */
  readonly stream?: 'stdout' | 'stderr'
  /** `true` (default): one readable line per event. `false`: one JSON object per line. */
  readonly pretty?: boolean
  /** The backend name. Default: `console`. */
  readonly backend?: string
}

/**
 * Prints one line per event, for development. Durability: none; it confirms once the stream has taken the line.
 * Control and bidirectional characters come out escaped, so that no value can forge a line or drive the terminal.
 *
 * @throws AuditError `bad_config`
 */
export function consoleProvider(options: ConsoleProviderOptions = {}): AuditProvider {
  checkKnownOptions(options, ['write', 'stream', 'pretty', 'backend'], 'consoleProvider')
  const { write, stream = 'stdout', pretty = true } = options
  if (write !== undefined && typeof write !== 'function') {
    throw new AuditError('bad_config', 'consoleProvider: write must be a function that takes a line')
  }
  if (!['stdout', 'stderr'].includes(stream)) {
    throw new AuditError('bad_config', 'consoleProvider: stream must be "stdout" or "stderr"')
  }
  return new ConsoleAuditProvider(
    checkedBackend(options.backend ?? 'console', 'consoleProvider'),
    write === undefined ? streamWriter(stream) : functionWriter(write),
    pretty ? readableLine : jsonLine,
  )
}

type Writer = (line: string, done: (error?: unknown) => void) => void
type Format = (event: AuditEvent, record: ReadableLogRecord) => string

class ConsoleAuditProvider implements AuditProvider {
  readonly auditBackend: string
  readonly auditDurability = 'none'
  readonly #write: Writer
  readonly #format: Format
  #state: 'open' | 'closed' = 'open'
  readonly #pending = new Set<Promise<void>>()

  constructor(backend: string, write: Writer, format: Format) {
    this.auditBackend = backend
    this.#write = write
    this.#format = format
  }

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    if (!isAuditRecord(record)) return
    const delivery = getAuditDelivery(context)
    const settlement = settlementOf(delivery, this.auditBackend, 'memory')
    if (this.#state === 'closed') {
      settlement.fail(shutDownError(this.auditBackend))
      return
    }
    try {
      this.#print(`${visibleText(this.#format(delivery?.event ?? eventFromRecord(record), record))}\n`, settlement)
    } catch (thrown) {
      settlement.fail(providerFailure(this.auditBackend, 'the line was not written', thrown))
    }
  }

  /** @throws AuditError `provider_timeout` when the stream does not take what was written */
  async forceFlush(options?: ForceFlushOptions): Promise<void> {
    const limitMillis = options?.timeoutMillis ?? defaultTimeLimitMillis
    const what = `audit provider "${this.auditBackend}": writing ${this.#pending.size} lines`
    await withinLimit(() => Promise.all(this.#pending), limitMillis, what)
  }

  async shutdown(): Promise<void> {
    this.#state = 'closed'
    await this.forceFlush()
  }

  #print(line: string, settlement: Settlement): void {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#pending.add(promise)
    const done = (error?: unknown): void => {
      this.#pending.delete(promise)
      resolve(undefined)
      if (error === undefined || error === null) settlement.confirm()
      else settlement.fail(providerFailure(this.auditBackend, 'the line was not written', error))
    }
    try {
      this.#write(line, done)
    } catch (thrown) {
      done(reasonOf(thrown))
    }
  }
}

function functionWriter(write: (line: string) => unknown): Writer {
  return (line, done) => {
    const returned = write(line)
    if (typeof returned !== 'object' || returned === null) done()
    else {
      Promise.resolve(returned).then(
        () => done(),
        (cause: unknown) => done(reasonOf(cause)),
      )
    }
  }
}

/** Anything can be thrown; without a reason it is no success. */
function reasonOf(cause: unknown): unknown {
  return cause ?? new Error('for no reason given')
}

function streamWriter(name: 'stdout' | 'stderr'): Writer {
  return (line, done) => {
    // Looked up at each line: test runners and daemons replace the streams.
    const stream = process[name]
    stream.write(line, (error) => {
      // A reader that went away (EPIPE) is this line's failure, never an uncaught exception of the service.
      if (error != null && stream.listenerCount('error') === 0) stream.once('error', () => undefined)
      done(error)
    })
  }
}

function readableLine(event: AuditEvent, record: ReadableLogRecord): string {
  const named = (name: string, value: string | undefined): string[] => (value ? [`${name}=${word(value)}`] : [])
  return [
    event.occurredAt.toISOString(),
    'AUDIT',
    word(event.eventName),
    event.outcome,
    `${event.actorType}:${word(event.adminUserId)}`,
    word(event.action),
    `${word(event.targetType)}:${word(event.targetId)}`,
    ...named('ip', event.ipAddress),
    ...named('request', event.requestId),
    ...named('trace', record.spanContext?.traceId),
    ...(Object.keys(event.details).length > 0 ? [`details=${detailsJson(event.details)}`] : []),
    `record=${word(event.recordId)}`,
  ].join(' ')
}

function word(text: string): string {
  return /^[\w.:@/+-]+$/.test(text) ? text : JSON.stringify(text)
}

function jsonLine(event: AuditEvent, record: ReadableLogRecord): string {
  const { traceId, spanId } = record.spanContext ?? {}
  return detailsJson({
    ...event,
    ...(traceId ? { traceId } : {}),
    ...(spanId ? { spanId } : {}),
  })
}
