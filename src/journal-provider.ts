import type { Context } from '@opentelemetry/api'
import type { ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import type { AuditShutdownOptions, AuditTimeLimit, DrainResult } from './aggregator/audit-logger.ts'
import type { AuditProvider } from './aggregator/audit-provider.ts'
import type { JournalMember } from './aggregator/journal-member.ts'
import { resolveConfig, type AuditJournalOptions, type AuditLoggerOptions } from './config.ts'
import { badConfig } from './config/setting-value.ts'
import type { JournalHealth } from './providers/journal-health.ts'
import { createJournalBackend } from './providers/journal-provider.ts'
import { createProblemReporter, type ProblemReporter } from './telemetry/problems.ts'
import { version } from './version.ts'

/** What `createAuditLogger` takes under `journal`, and what else concerns the journal and its delivery. */
export type JournalProviderOptions = AuditJournalOptions &
  Pick<AuditLoggerOptions, 'collector' | 'onQueueFull' | 'serviceName' | 'resource' | 'onProblem'>

/** A journal with its delivery, as a provider. Its yes is worth `durable`. */
export interface JournalProvider extends AuditProvider {
  readonly auditBackend: 'journal'
  readonly auditDurability: 'durable'
  /** Opens the stream; its first record is durable when this resolves. @throws AuditError `disk_error`, `disk_full` */
  ready(): Promise<void>
  /** Resolves when the collector has everything, or at the time limit. @throws AuditError `aborted` */
  drain(options?: AuditTimeLimit): Promise<DrainResult>
  /** Ends the stream in order, within 10,000 ms; with `drain`, waits for the collector first. */
  shutdown(options?: AuditShutdownOptions): Promise<void>
  health(): JournalHealth
}

/**
 * The journal as a provider of its own. `createAuditLogger` has one by itself; this is for a place that takes log
 * record processors: a plain `LoggerProvider` or `NodeSDK`, where it keeps audit records only, or `providers` of a
 * logger with `journal: false`. Settings and variables are those of `createAuditLogger`, which also lists the refusals.
 *
 * ```ts
 * new NodeSDK({ resource, logRecordProcessors: [journalProvider({ dir: '/var/lib/shop/audit', resource })] })
 * ```
 *
 * @throws AuditError `bad_config`
 */
export function journalProvider(options: JournalProviderOptions = {}): JournalProvider {
  const { collector, onQueueFull, serviceName, resource: given, onProblem, ...settings } = options
  const config = resolveConfig({ journal: settings, collector, onQueueFull, serviceName, resource: given, onProblem })
  const { journal, resource } = config
  if (journal === false) throw badConfig('journalProvider: the journal is switched off')
  const problems = createProblemReporter(config.onProblem === undefined ? {} : { onProblem: config.onProblem })
  const { report } = problems
  const provider = new StandaloneJournal(
    createJournalBackend({ ...journal, collector: config.collector, resource, version, report }),
    problems,
  )
  for (const warning of config.warnings) report(warning)
  return provider
}

/** What a logger asks of the journal, when this provider is one. */
export function journalMemberOf(provider: object): JournalMember | undefined {
  return provider instanceof StandaloneJournal ? provider.member : undefined
}

class StandaloneJournal implements JournalProvider {
  readonly auditBackend = 'journal'
  readonly auditDurability = 'durable'
  readonly member: ReturnType<typeof createJournalBackend>
  readonly #problems: ProblemReporter

  constructor(member: ReturnType<typeof createJournalBackend>, problems: ProblemReporter) {
    this.member = member
    this.#problems = problems
    member.backendsChanged({ backends: [this.auditBackend], enabled: [], disabled: [] })
  }

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    this.member.onEmit(record, context)
  }

  forceFlush(): Promise<void> {
    return this.member.forceFlush()
  }

  ready(): Promise<void> {
    return this.member.ready()
  }

  drain(options?: AuditTimeLimit): Promise<DrainResult> {
    return this.member.drain(options)
  }

  async shutdown(options?: AuditShutdownOptions): Promise<void> {
    await this.member.shutdown(options)
    this.#problems.flush()
  }

  health(): JournalHealth {
    return this.member.health()
  }
}
