import { resolve } from 'node:path'
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs'
import type { Resource } from '@opentelemetry/resources'
import type { AuditConfirmBy } from './aggregator/audit-logger.ts'
import type { AuditProvider, AuditProviderProtocol, ModuleDefinition } from './aggregator/audit-provider.ts'
import { collectorConfig } from './config/collector-config.ts'
import { checkOptionNames, unknownVariables } from './config/known-names.ts'
import { providerConfig, type ProviderConfig } from './config/provider-config.ts'
import { resourceConfig, type ResourceLike } from './config/resource-config.ts'
import { SettingReader, type Environment } from './config/setting-reader.ts'
import { badConfig, show } from './config/setting-value.ts'
import type { CollectorHeaders, CollectorSettings } from './delivery/collector-settings.ts'
import type { AuditProblem } from './errors.ts'
import type { RedactOptions } from './event/redaction.ts'
import type { OnProblem } from './telemetry/problems.ts'

/** The journal's settings. Each has a line in {@link settingsTable}. */
export interface AuditJournalOptions {
  /** Default `./audit-journal`. */
  dir?: string | undefined
  /** Default 64 MiB. */
  segmentMaxBytes?: number | undefined
  /** Size at which records are refused, never deleted. Default: no limit. */
  maxBytes?: number | undefined
  /** How long delivered streams are kept: milliseconds, `'7d'`, `'forever'`. Default 7 days; for ever without a collector. */
  retain?: number | string | undefined
  allowNetworkFileSystem?: boolean | undefined
  maxUnsyncedBytes?: number | undefined
  maxUnsyncedRecords?: number | undefined
}

/** Where delivery sends. */
export interface AuditCollectorOptions {
  /** A base address to which `/v1/logs` is added, unless it ends in `/v1/logs` or `/v1/audit`; `'none'`: journal only. */
  url?: string | undefined
  headers?: CollectorHeaders | undefined
  timeoutMillis?: number | undefined
  compression?: 'none' | 'gzip' | undefined
  maxRequestBytes?: number | undefined
  /** PEM files, read at start. */
  tls?: { caFile?: string | undefined; certFile?: string | undefined; keyFile?: string | undefined } | undefined
  initialBackoffMillis?: number | undefined
  maxBackoffMillis?: number | undefined
  pauseMillis?: number | undefined
}

/**
 * The options of `createAuditLogger`. Code wins over `AUDIT_*`, which wins over `OTEL_*`. Unknown options are refused,
 * and so is whatever would lose records (rule P1).
 */
export interface AuditLoggerOptions<M extends ModuleDefinition = ModuleDefinition> {
  /** Over the Resource's `service.name`. */
  serviceName?: string | undefined
  /** The same Resource that NodeSDK gets. */
  resource?: ResourceLike | undefined
  /** `false`: no journal; then a durable provider of your own has to keep the records. */
  journal?: AuditJournalOptions | boolean | undefined
  /** `false` or `'none'`: journal only. */
  collector?: AuditCollectorOptions | boolean | 'none' | undefined
  /** Modules of the service, or a function that lists them at each call. */
  modules?: Iterable<M> | (() => Iterable<M>) | undefined
  providers?: readonly (AuditProvider | AuditProviderProtocol)[] | undefined
  /** Run first; may only add attributes (rule P6). */
  enrichers?: readonly LogRecordProcessor[] | undefined
  /** Default `durable`. */
  confirmBy?: AuditConfirmBy | undefined
  /** In milliseconds; default 5,000 (2,000 at most when `db` is given). */
  providerTimeoutMillis?: number | undefined
  /** Default `block` (rule P4). */
  onQueueFull?: 'block' | 'refuse' | undefined
  /** Default 1 MiB. */
  maxRecordBytes?: number | undefined
  /** Default: values under well-known secret names become `[REDACTED]`. */
  redact?: RedactOptions | false | undefined
  /** Default: `process.emitWarning`. */
  onProblem?: OnProblem | undefined
  /** Shut down at these signals, then raise them again. Default none. */
  shutdownOnSignals?: readonly NodeJS.Signals[] | undefined
}

export interface ResolvedJournal {
  readonly dir: string
  readonly segmentMaxBytes: number
  /** `Infinity`: no limit. */
  readonly maxBytes: number
  /** `Infinity`: for ever. */
  readonly retainMillis: number
  readonly allowNetworkFileSystem: boolean
  readonly maxUnsyncedBytes: number
  readonly maxUnsyncedRecords: number
  readonly onQueueFull: 'block' | 'refuse'
}

export interface ResolvedConfig extends ProviderConfig {
  readonly resource: Resource
  readonly journal: ResolvedJournal | false
  readonly collector: CollectorSettings | false
  readonly providerTimeoutMillis: number
  readonly maxRecordBytes: number
  readonly redact: RedactOptions | false
  /** What the operator should know of the configuration although it is accepted. */
  readonly warnings: readonly Omit<AuditProblem, 'count'>[]
}

/** Options and environment as one checked whole. @throws AuditError `bad_config` */
export function resolveConfig(options: unknown, env: Environment = process.env): ResolvedConfig {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw badConfig(`options must be an object, not ${show(options)}`)
  }
  const given = options as Readonly<Record<string, unknown>>
  checkOptionNames(given)
  const reader = new SettingReader(given, env)
  const warnings = [...unknownVariables(reader), ...ignoredSdkVariables(env)]
  const hasJournal = reader.section('journal').value
  const collector = hasJournal ? collectorConfig(reader) : noJournalNoCollector(reader)
  const journal = hasJournal && journalConfig(reader, collector !== false)
  return {
    ...providerConfig(reader, hasJournal),
    resource: resourceConfig(reader, (problem) => warnings.push(problem)),
    journal,
    collector,
    providerTimeoutMillis: reader.count('providerTimeoutMillis'),
    maxRecordBytes: reader.count('maxRecordBytes'),
    redact: redactConfig(reader),
    warnings,
  }
}

function journalConfig(reader: SettingReader, delivers: boolean): ResolvedJournal {
  const retain = reader.find('journal.retain')
  return {
    dir: resolve(reader.text('journal.dir')),
    segmentMaxBytes: reader.count('journal.segmentMaxBytes'),
    maxBytes: reader.count('journal.maxBytes'),
    retainMillis: retain.source === 'default' && !delivers ? Infinity : (retain.value as number),
    allowNetworkFileSystem: reader.flag('journal.allowNetworkFileSystem'),
    maxUnsyncedBytes: reader.count('journal.maxUnsyncedBytes'),
    maxUnsyncedRecords: reader.count('journal.maxUnsyncedRecords'),
    onQueueFull: reader.text('onQueueFull') as 'block' | 'refuse',
  }
}

/** Delivery reads the journal: an address in code without one is a misunderstanding, in the environment it is not. */
function noJournalNoCollector(reader: SettingReader): false {
  const { value, source } = reader.section('collector')
  if (value && source === 'code') {
    throw badConfig('collector needs the journal, which is what delivery reads; leave journal on, or collector out')
  }
  return false
}

function redactConfig(reader: SettingReader): RedactOptions | false {
  if (!reader.section('redact').value) return false
  const keys = reader.names('redact.keys')
  const replaceDefaults = reader.flag('redact.replaceDefaults')
  return { ...(keys === undefined ? {} : { keys }), ...(replaceDefaults ? { replaceDefaults } : {}) }
}

const sdkVariables = [
  'OTEL_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  'OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT',
]

/** Variables that switch the SDK off or cut its records; the audit pipeline does not follow them (rules P1, R8). */
function ignoredSdkVariables(env: Environment): Omit<AuditProblem, 'count'>[] {
  const set = sdkVariables.filter((name) => (env[name] ?? '') !== '')
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') set.unshift('OTEL_SDK_DISABLED')
  if (set.length === 0) return []
  const message = `${set.join(', ')}: not followed by the audit pipeline, which neither stops nor cuts records`
  return [{ code: 'sdk_disabled_ignored', message }]
}
