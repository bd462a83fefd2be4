import { defaultCollectorSettings } from '../delivery/collector-settings.ts'

/** How the text of an environment variable, and a value given in code, is read. */
export type SettingType =
  'text' | 'count' | 'millis' | 'bytes' | 'duration' | 'flag' | 'choice' | 'names' | 'headers' | 'file' | 'code'

/** One setting: all that validation, the environment and the documentation need to know of it. */
export interface Setting {
  /** The option's path in code, such as `journal.segmentMaxBytes`. */
  readonly name: string
  readonly variable?: string
  /** OpenTelemetry variables that stand in, first wins. */
  readonly otel?: readonly string[]
  readonly type: SettingType
  readonly choices?: readonly string[]
  readonly default?: string | number | boolean
  /** How the default reads, where the value itself does not say it. */
  readonly defaultText?: string
  readonly least?: number
  readonly meaning: string
  /** What choosing another value costs. */
  readonly price: string
}

const mebibyte = 1_048_576

/** Every setting there is. */
export const settingsTable: readonly Setting[] = [
  {
    name: 'serviceName',
    variable: 'AUDIT_SERVICE_NAME',
    otel: ['OTEL_SERVICE_NAME'],
    type: 'text',
    defaultText: 'service.name of the resource, else unknown_service:<program>',
    meaning: 'service.name of the trail',
    price: 'without it, trails of several services look alike in the backend',
  },
  {
    name: 'resource',
    type: 'code',
    defaultText: 'OTEL_RESOURCE_ATTRIBUTES and the SDK defaults',
    meaning: 'the OpenTelemetry Resource, the same object that NodeSDK gets',
    price: 'each line of the journal carries it: leave out what nobody searches by',
  },
  {
    name: 'journal',
    variable: 'AUDIT_JOURNAL',
    type: 'flag',
    default: true,
    meaning: 'false: no journal on disk',
    price: 'without it nothing is durable here and nothing is delivered again after a restart',
  },
  {
    name: 'journal.dir',
    variable: 'AUDIT_JOURNAL_DIR',
    type: 'text',
    default: './audit-journal',
    meaning: 'directory of the journal, on a local file system that outlives the process',
    price: 'on tmpfs or a container layer the records go with it',
  },
  {
    name: 'journal.segmentMaxBytes',
    variable: 'AUDIT_JOURNAL_SEGMENT_MAX_BYTES',
    type: 'bytes',
    default: 64 * mebibyte,
    least: 65_536,
    meaning: 'size at which a segment is closed and the next one begun',
    price: 'smaller: more files and directory syncs; larger: disk space is freed later',
  },
  {
    name: 'journal.maxBytes',
    variable: 'AUDIT_JOURNAL_MAX_BYTES',
    type: 'bytes',
    default: Infinity,
    defaultText: 'no limit but the disk',
    least: mebibyte,
    meaning: 'size of the whole journal at which new records are refused (journal_full); nothing is deleted for room',
    price: 'a limit turns a long outage of the collector into refused records',
  },
  {
    name: 'journal.retain',
    variable: 'AUDIT_JOURNAL_RETAIN',
    type: 'duration',
    default: 604_800_000,
    defaultText: '7d; for ever without a collector',
    meaning: 'how long delivered streams are kept: milliseconds, or a number with ms, s, m, h or d, or "forever"',
    price: 'disk space; undelivered records are never deleted',
  },
  {
    name: 'journal.allowNetworkFileSystem',
    variable: 'AUDIT_JOURNAL_ALLOW_NETWORK_FILE_SYSTEM',
    type: 'flag',
    default: false,
    meaning: 'accept a journal directory on NFS, SMB and the like',
    price: 'their syncs and locks may not hold what they promise',
  },
  {
    name: 'journal.maxUnsyncedBytes',
    variable: 'AUDIT_JOURNAL_MAX_UNSYNCED_BYTES',
    type: 'bytes',
    default: 32 * mebibyte,
    least: 65_536,
    meaning: 'bytes not yet synced above which onQueueFull applies',
    price: 'larger: more memory, longer waits when the bound is met',
  },
  {
    name: 'journal.maxUnsyncedRecords',
    variable: 'AUDIT_JOURNAL_MAX_UNSYNCED_RECORDS',
    type: 'count',
    default: 16_384,
    meaning: 'records not yet synced above which onQueueFull applies',
    price: 'as above',
  },
  {
    name: 'onQueueFull',
    variable: 'AUDIT_ON_QUEUE_FULL',
    type: 'choice',
    choices: ['block', 'refuse'],
    default: 'block',
    meaning: 'above the unsynced bounds the caller’s tick waits for the disk, or the record is refused (rule P4)',
    price: 'block: the event loop stands still; refuse: false for records that the disk could have taken',
  },
  {
    name: 'collector',
    variable: 'AUDIT_COLLECTOR',
    type: 'flag',
    default: true,
    meaning: 'false or none: keep the journal only, deliver nothing',
    price: 'nobody but this disk has the records',
  },
  {
    name: 'collector.url',
    variable: 'AUDIT_COLLECTOR_URL',
    otel: ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    type: 'text',
    default: 'http://localhost:4318',
    meaning:
      'base address of the collector’s OTLP/HTTP receiver; /v1/logs is added unless it ends in /v1/logs or /v1/audit; ' +
      'none: journal only',
    price: 'plain http: shows the records to whoever can listen',
  },
  {
    name: 'collector.headers',
    variable: 'AUDIT_COLLECTOR_HEADERS',
    otel: ['OTEL_EXPORTER_OTLP_LOGS_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'],
    type: 'headers',
    defaultText: 'none',
    meaning: 'request headers; in a variable key=value,key=value, percent-encoded; in code also a function',
    price: 'the OTEL_* ones are used only with an OTEL_* address, so that a token does not go elsewhere',
  },
  {
    name: 'collector.timeoutMillis',
    variable: 'AUDIT_COLLECTOR_TIMEOUT_MILLIS',
    otel: ['OTEL_EXPORTER_OTLP_LOGS_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
    type: 'millis',
    default: defaultCollectorSettings.timeoutMillis,
    meaning: 'time limit of one whole request',
    price: 'too short: a slow collector gets the same records again and again',
  },
  {
    name: 'collector.compression',
    variable: 'AUDIT_COLLECTOR_COMPRESSION',
    otel: ['OTEL_EXPORTER_OTLP_LOGS_COMPRESSION', 'OTEL_EXPORTER_OTLP_COMPRESSION'],
    type: 'choice',
    choices: ['none', 'gzip'],
    default: defaultCollectorSettings.compression,
    meaning: 'compression of request bodies',
    price: 'gzip: processor time here for bytes on the network',
  },
  {
    name: 'collector.maxRequestBytes',
    variable: 'AUDIT_COLLECTOR_MAX_REQUEST_BYTES',
    type: 'bytes',
    default: defaultCollectorSettings.maxRequestBytes,
    least: 1_024,
    meaning: 'journal lines are put together into requests of about this size',
    price: 'above the collector’s own limit every request is answered 413 and divided',
  },
  {
    name: 'collector.tls.caFile',
    variable: 'AUDIT_COLLECTOR_TLS_CA_FILE',
    otel: ['OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CERTIFICATE'],
    type: 'file',
    defaultText: 'Node’s root certificates',
    meaning: 'PEM file of the authority that signed the collector’s certificate; read at start',
    price: 'a renewed file needs a restart',
  },
  {
    name: 'collector.tls.certFile',
    variable: 'AUDIT_COLLECTOR_TLS_CERT_FILE',
    otel: ['OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'],
    type: 'file',
    defaultText: 'none',
    meaning: 'PEM file of the client certificate (mTLS, rule W3)',
    price: 'goes with collector.tls.keyFile',
  },
  {
    name: 'collector.tls.keyFile',
    variable: 'AUDIT_COLLECTOR_TLS_KEY_FILE',
    otel: ['OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY', 'OTEL_EXPORTER_OTLP_CLIENT_KEY'],
    type: 'file',
    defaultText: 'none',
    meaning: 'PEM file of the client’s private key',
    price: 'goes with collector.tls.certFile',
  },
  {
    name: 'collector.initialBackoffMillis',
    variable: 'AUDIT_COLLECTOR_INITIAL_BACKOFF_MILLIS',
    type: 'millis',
    default: defaultCollectorSettings.initialBackoffMillis,
    meaning: 'first wait after a failed request; it doubles',
    price: 'shorter: more requests at a collector that is down',
  },
  {
    name: 'collector.maxBackoffMillis',
    variable: 'AUDIT_COLLECTOR_MAX_BACKOFF_MILLIS',
    type: 'millis',
    default: defaultCollectorSettings.maxBackoffMillis,
    meaning: 'longest wait between requests',
    price: 'longer: fresh records arrive later after an outage',
  },
  {
    name: 'collector.pauseMillis',
    variable: 'AUDIT_COLLECTOR_PAUSE_MILLIS',
    type: 'millis',
    default: defaultCollectorSettings.pauseMillis,
    meaning: 'wait while the endpoint itself is at fault (401, 403, 404, 405, a redirect)',
    price: 'as above',
  },
  {
    name: 'modules',
    type: 'code',
    defaultText: 'none',
    meaning: 'modules of the service, or a function that lists them; each may bring a provider',
    price: 'a function is called for every record',
  },
  {
    name: 'providers',
    type: 'code',
    defaultText: 'none beside the journal',
    meaning: 'audit providers that are always enabled',
    price: 'each one costs time in every call',
  },
  {
    name: 'enrichers',
    type: 'code',
    defaultText: 'none',
    meaning: 'log record processors that run first and may only add attributes (rule P6)',
    price: 'every attribute is bytes on disk and on the network',
  },
  {
    name: 'confirmBy',
    variable: 'AUDIT_CONFIRM_BY',
    type: 'names',
    default: 'durable',
    meaning: 'durable: one durable provider; all: every provider enabled at the call; or names of backends',
    price: 'all: the slowest provider decides, and a failing one makes every call false',
  },
  {
    name: 'providerTimeoutMillis',
    variable: 'AUDIT_PROVIDER_TIMEOUT_MILLIS',
    type: 'millis',
    default: 5_000,
    meaning: 'how long a call waits for its providers; with db 2,000 at most',
    price: 'shorter: false for records that a slow disk keeps after all',
  },
  {
    name: 'maxRecordBytes',
    variable: 'AUDIT_MAX_RECORD_BYTES',
    type: 'bytes',
    default: mebibyte,
    least: 65_536,
    meaning: 'larger records keep who, what and when; their details are replaced by size and hash',
    price: 'larger: collectors and backends have limits of their own',
  },
  {
    name: 'redact',
    variable: 'AUDIT_REDACT',
    type: 'flag',
    default: true,
    meaning: 'false: no redaction at all',
    price: 'passwords and tokens in details stay readable for years',
  },
  {
    name: 'redact.keys',
    variable: 'AUDIT_REDACT_KEYS',
    type: 'names',
    defaultText: 'the list of well-known secret names',
    meaning: 'key names that are redacted besides the default list',
    price: 'what is redacted cannot be found again',
  },
  {
    name: 'redact.replaceDefaults',
    variable: 'AUDIT_REDACT_REPLACE_DEFAULTS',
    type: 'flag',
    default: false,
    meaning: 'true: redact.keys stands in place of the default list',
    price: 'secrets under well-known names stay readable',
  },
  {
    name: 'onProblem',
    type: 'code',
    defaultText: 'process.emitWarning',
    meaning: 'told of lost or refused records and of failing health; first at once, then one per code per 30 s',
    price: 'whoever takes it must bring it to an operator',
  },
  {
    name: 'shutdownOnSignals',
    variable: 'AUDIT_SHUTDOWN_ON_SIGNALS',
    type: 'names',
    defaultText: 'none',
    meaning: 'signals at which the logger shuts down and raises the signal again, such as SIGTERM,SIGINT',
    price: 'without it the default action of a signal may lose un-awaited calls of the current tick',
  },
]
