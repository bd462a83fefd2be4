import { diag } from '@opentelemetry/api'
import { AggregatingLogger } from './aggregator/aggregating-logger.ts'
import type { AuditLogger } from './aggregator/audit-logger.ts'
import type { ModuleDefinition } from './aggregator/audit-provider.ts'
import { resolveConfig, type AuditLoggerOptions, type ResolvedConfig } from './config.ts'
import { createEventPreparer } from './event/prepare-event.ts'
import type { JournalPlatform } from './providers/journal-platform.ts'
import { journalMemberOf } from './journal-provider.ts'
import { createJournalBackend } from './providers/journal-provider.ts'
import { onSignals } from './shutdown-signals.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { createProblemReporter, type ProblemReporter } from './telemetry/problems.ts'
import { version } from './version.ts'

/** What only the façade may say. */
export interface InternalSettings {
  /** Records in memory are meant: no warning that nothing is durable. */
  readonly weakByIntent?: boolean
  /** Disk, locks, clock and ids of the journal; default: the real ones. */
  readonly platform?: JournalPlatform
}

/**
 * Makes an audit logger. Synchronous: it checks the configuration and touches no disk before the first record or
 * `ready()`. Give it the Resource that NodeSDK gets, and start it beside NodeSDK, before or after.
 *
 * ```ts
 * const auditLogger = createAuditLogger({ resource, journal: { dir: '/var/lib/shop/audit' } })
 * ```
 *
 * @throws AuditError `bad_config` for unknown options, values that cannot be meant, an unusable directory or certificate,
 * and whatever would lose records (rule P1); `already_owned` for a provider that another logger has
 */
export function createAuditLogger<M extends ModuleDefinition = ModuleDefinition>(
  options: AuditLoggerOptions<M> = {},
): AuditLogger {
  return createLogger(options, {})
}

export function createLogger(options: unknown, internal: InternalSettings): AuditLogger {
  const config = resolveConfig(options)
  const problems = createProblemReporter(config.onProblem === undefined ? {} : { onProblem: config.onProblem })
  const logger = assemble(config, problems, internal)
  for (const warning of config.warnings) problems.report(warning)
  return logger
}

/** The only place where the rooms are wired together. */
function assemble(config: ResolvedConfig, problems: ProblemReporter, internal: InternalSettings): AuditLogger {
  const { report } = problems
  const prepare = createEventPreparer({
    redact: config.redact,
    maxRecordBytes: config.maxRecordBytes,
    warn: (message) => diag.warn(`otel-audit: ${message}`),
  })
  const { collector, resource } = config
  const own =
    config.journal === false
      ? undefined
      : createJournalBackend(
          { ...config.journal, collector, resource, version, report, modes: modesOf(config) },
          internal.platform,
        )
  const given = config.providers.find((provider) => journalMemberOf(provider) !== undefined)
  const journal = own ?? (given && journalMemberOf(given))
  // With a journal it is the journal that counts.
  const metrics = journal === undefined ? createMetrics({ queueDepth: () => 0, version }) : undefined
  let removeSignals: () => void = () => undefined
  try {
    const logger = new AggregatingLogger({
      prepare,
      report,
      journal,
      providers: config.providers.filter((provider) => provider !== given),
      modules: config.modules,
      enrichers: config.enrichers,
      resource,
      confirmBy: config.confirmBy,
      providerTimeoutMillis: config.providerTimeoutMillis,
      scopeVersion: version,
      weakByIntent: internal.weakByIntent ?? false,
      emitted: metrics === undefined ? undefined : (records) => metrics.emitted(records),
      onShutdown: () => {
        metrics?.close()
        removeSignals()
        problems.flush()
      },
    })
    removeSignals = onSignals(config.shutdownOnSignals, () => logger.shutdown(), report)
    return logger
  } catch (error) {
    own?.shutdown().catch(() => undefined)
    throw error
  }
}

/** What the trail's start record tells of the configuration beyond the journal's own. */
function modesOf({ confirmBy, redact, maxRecordBytes, modules }: ResolvedConfig): Record<string, unknown> {
  return {
    confirmBy,
    redaction: redact === false ? 'off' : redact.replaceDefaults === true ? 'own keys only' : 'on',
    ...(redact === false || redact.keys === undefined ? {} : { redactedKeys: redact.keys }),
    maxRecordBytes,
    modules: modules === undefined ? 'none' : 'asked at each call',
  }
}
