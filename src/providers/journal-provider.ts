import type { Context } from '@opentelemetry/api'
import type { ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { getAuditDelivery, type AuditProvider } from '../aggregator/audit-provider.ts'
import { createDelivery, type Delivery } from '../delivery/delivery.ts'
import type { CollectorSettings } from '../delivery/collector-settings.ts'
import { withoutSecrets } from '../telemetry/without-secrets.ts'
import { AuditError, type ReportProblem } from '../errors.ts'
import { Journal } from '../journal/journal.ts'
import type { JournalSource } from '../journal/journal-source.ts'
import { createMetrics, type AuditMetrics } from '../telemetry/metrics.ts'
import { isAuditRecord } from './audit-log-record.ts'
import { JournalAnswers } from './journal-answers.ts'
import { journalHealth, type JournalHealth } from './journal-health.ts'
import { CollectorWaits } from './collector-waits.ts'
import { journalPlatform, type JournalPlatform } from './journal-platform.ts'
import {
  fieldsOf,
  journalCodec,
  Openings,
  PipelineRecordMaker,
  settledAttributes,
  type BackendChange,
  type JournalRecord,
} from './journal-record.ts'

/** Resolved settings of the journal and its delivery. */
export interface JournalProviderSettings {
  /** Directory of the streams; made at the first record, 0700. */
  readonly dir: string
  /** A segment file is followed by the next one at about this size. */
  readonly segmentMaxBytes: number
  /** Records are refused (`journal_full`) when all streams together hold this much; `Infinity`: no bound. */
  readonly maxBytes: number
  /** How long wholly delivered streams are kept, in milliseconds; `Infinity`: for ever. */
  readonly retainMillis: number
  /** Above either bound the caller's tick waits for the disk. */
  readonly maxUnsyncedBytes: number
  readonly maxUnsyncedRecords: number
  readonly onQueueFull: 'block' | 'refuse'
  /** Allows a network file system, whose syncs may promise more than they keep. */
  readonly allowNetworkFileSystem?: boolean
  /** Where durable records are delivered; `false`: journal only. */
  readonly collector: CollectorSettings | false
  /** What the start record tells of the pipeline around the journal: who confirms, what is redacted. */
  readonly modes?: Record<string, unknown>
  /** The Resource of the pipeline's own records. */
  readonly resource: ReadWriteLogRecord['resource']
  readonly version: string
  readonly report: ReportProblem
}

/** The provider with a journal and a delivery behind it. */
export interface JournalBackend extends Omit<AuditProvider, 'shutdown'> {
  /** Opens the stream; its first record is durable when this resolves. @throws AuditError `disk_error`, `disk_full` */
  ready(): Promise<void>
  /** Resolves when the collector has everything, or at the time limit. @throws AuditError `aborted` */
  drain(options?: { readonly timeoutMillis?: number; readonly signal?: AbortSignal }): Promise<{ undelivered: number }>
  /**
   * Ends the stream in order; with `drain`, waits for the collector first, but leaves the end its share of the time.
   * No more records are taken from the call on.
   */
  shutdown(options?: { readonly timeoutMillis?: number; readonly drain?: boolean }): Promise<{ undelivered: number }>
  health(): JournalHealth
  /** Who takes records from now on: told by the start record, and each change after that by a record of its own. */
  backendsChanged(change: BackendChange): void
}

const defaultShutdownMillis = 10_000
const recoveryDelayMillis = 50
/** Of a shutdown's time; the rest belongs to the end of the stream, which is durable also when the collector is away. */
const drainShare = 0.8

/**
 * The journal as a provider: every record is sealed, written and fsynced here before it is confirmed, and delivered
 * from the journal afterwards. @throws AuditError `bad_config` for a directory that can't be used
 */
export function createJournalBackend(
  settings: JournalProviderSettings,
  platform: JournalPlatform = journalPlatform(),
): JournalBackend {
  return new JournalLogRecordProcessor(settings, platform)
}

class JournalLogRecordProcessor implements JournalBackend {
  readonly auditBackend = 'journal'
  readonly auditDurability = 'durable'
  readonly #settings: JournalProviderSettings
  readonly #journal: Journal<JournalRecord>
  readonly #delivery: Delivery | undefined
  readonly #metrics: AuditMetrics
  readonly #openings: Openings
  readonly #maker: PipelineRecordMaker
  readonly #waits = new CollectorWaits()
  readonly #answers: JournalAnswers
  readonly #recovery: NodeJS.Timeout | undefined
  #backends: readonly string[] = ['journal']
  #started = false
  #closing: Promise<{ undelivered: number }> | undefined

  constructor(settings: JournalProviderSettings, platform: JournalPlatform) {
    this.#settings = settings
    const { collector, version, resource, dir, report } = settings
    platform.checkDirectory(dir, settings.allowNetworkFileSystem ?? false)
    this.#openings = new Openings(version)
    const maker = (this.#maker = new PipelineRecordMaker({
      opening: () => this.#openings.of(resource),
      about: () => this.#about(),
      now: platform.now,
    }))
    this.#journal = new Journal<JournalRecord>({
      ...settings,
      directory: dir,
      fs: platform.fileSystem,
      engine: platform.syncEngine(),
      takeLock: platform.takeLock,
      newStreamId: platform.newStreamId,
      now: platform.now,
      codec: journalCodec,
      records: {
        start: (stream, reason) => maker.start(stream, reason),
        stop: (stream) => maker.stop(stream),
        gap: (stream, gap) => maker.gap(stream, gap),
        adopt: (adoption) => maker.adopt(adoption),
      },
      report,
      delivers: collector !== false,
      retainMillis: this.#retainMillis,
    })
    this.#metrics = createMetrics({ queueDepth: () => this.#journal.status().undelivered, version })
    this.#answers = new JournalAnswers({
      local: () => (this.#journal.volatile ? 'memory' : 'local'),
      delivers: collector !== false,
      waits: this.#waits,
      metrics: this.#metrics,
    })
    if (collector === false) return
    this.#delivery = createDelivery({
      source: this.#source(),
      collector,
      onProblem: report,
      metrics: this.#metrics,
      onDelivered: (stream, cursor) => this.#waits.delivered(stream, cursor),
      version,
    })
    this.#delivery.start()
    // A backlog of earlier lives is delivered also when nothing is logged for long.
    this.#recovery = setTimeout(() => this.#journal.recover(), recoveryDelayMillis).unref()
  }

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    const delivery = getAuditDelivery(context)
    if (delivery === undefined && !isAuditRecord(record)) return
    const entry = { fields: fieldsOf(record), opening: this.#openings.of(record.resource) }
    if (this.#journal.append(entry, this.#answers.to(delivery))) this.#metrics.emitted(1)
  }

  async forceFlush(): Promise<void> {
    await this.#journal.flush()
    const { failure } = this.#journal.status()
    if (failure !== undefined) throw new AuditError('disk_error', failure.message, { cause: failure })
  }

  async ready(): Promise<void> {
    this.#journal.open()
    await this.forceFlush()
  }

  async drain(
    options: { readonly timeoutMillis?: number; readonly signal?: AbortSignal } = {},
  ): Promise<{ undelivered: number }> {
    await this.#journal.flush()
    this.#journal.recover()
    // Records that come meanwhile are not waited for; a service under load could never drain.
    const until = this.#journal.everythingSoFar()
    if (!until()) await this.#delivery?.drain({ ...options, until })
    return { undelivered: this.#journal.status().undelivered }
  }

  shutdown(
    options: { readonly timeoutMillis?: number; readonly drain?: boolean } = {},
  ): Promise<{ undelivered: number }> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  health(): JournalHealth {
    return journalHealth(this.#journal.status(), this.#delivery?.status())
  }

  backendsChanged(change: BackendChange): void {
    this.#backends = change.backends
    if (this.#started) this.#journal.append(this.#maker.configuration(change), undefined)
  }

  async #close({ timeoutMillis = defaultShutdownMillis, drain = false }): Promise<{ undelivered: number }> {
    const deadline = performance.now() + timeoutMillis
    const left = (): number => Math.max(1, deadline - performance.now())
    clearTimeout(this.#recovery)
    this.#journal.beginEnd()
    // What the collector refuses meanwhile is told in the trail, so the stream ends after it.
    if (drain) await this.#drainFirst(left() * drainShare)
    await withinMillis(this.#journal.end(), left())
    if (drain) await this.#delivery?.drain({ timeoutMillis: left() })
    await this.#delivery?.stop({ timeoutMillis: left() })
    const { undelivered } = this.#journal.status()
    await this.#journal.close()
    this.#metrics.close()
    return { undelivered }
  }

  async #drainFirst(timeoutMillis: number): Promise<void> {
    const deadline = performance.now() + timeoutMillis
    await withinMillis(this.#journal.flush(), timeoutMillis)
    const until = this.#journal.everythingSoFar()
    if (!until()) await this.#delivery?.drain({ timeoutMillis: Math.max(1, deadline - performance.now()), until })
  }

  /** The journal as delivery sees it; a record that is set aside is no acknowledgement for who waits for one. */
  #source(): JournalSource {
    const journal = this.#journal
    return {
      nextStream: (after) => journal.nextStream(after),
      onMore: (listener) => journal.onMore(listener),
      flushCursors: () => journal.flushCursors(),
      setAside: (entry) => {
        journal.setAside(entry)
        this.#waits.setAside(entry.stream, entry.number, entry.answer.status)
      },
    }
  }

  /** Without delivery nothing is deleted. */
  get #retainMillis(): number {
    return this.#settings.collector === false ? Infinity : this.#settings.retainMillis
  }

  #about(): Record<string, unknown> {
    const { version, resource, collector, segmentMaxBytes, onQueueFull, maxBytes } = this.#settings
    this.#started = true
    return {
      resource: settledAttributes(resource),
      software: { name: 'otel-audit', version, node: process.version, platform: process.platform, arch: process.arch },
      modes: {
        delivery: collector === false ? 'journal only' : withoutSecrets(collector.url),
        segmentMaxBytes,
        maxBytes: maxBytes === Infinity ? 'unlimited' : maxBytes,
        retainMillis: this.#retainMillis === Infinity ? 'for ever' : this.#retainMillis,
        onQueueFull,
        backends: this.#backends,
        ...this.#settings.modes,
      },
    }
  }
}

async function withinMillis(work: Promise<void>, millis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, millis)))
  await Promise.race([work, late])
  clearTimeout(timer)
}
