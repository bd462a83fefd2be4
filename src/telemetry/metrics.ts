import { metrics, type Counter, type Histogram, type MeterProvider, type ObservableResult } from '@opentelemetry/api'

/** Every instrument of this package (rule P10). */
export const instruments = {
  emitted: { name: 'audit.records.emitted', unit: '{record}', description: 'Audit records that the journal took.' },
  exported: {
    name: 'audit.records.exported',
    unit: '{record}',
    description: 'Audit records that the collector acknowledged.',
  },
  dropped: {
    name: 'audit.records.dropped',
    unit: '{record}',
    description: 'Audit records refused before the journal, or refused by the collector and set aside; see `reason`.',
  },
  queueDepth: {
    name: 'audit.queue.depth',
    unit: '{record}',
    description: 'Audit records that are durable here and not yet acknowledged by the collector.',
  },
  exportDuration: {
    name: 'audit.export.duration',
    unit: 's',
    description: 'Time from the start of an export request to its outcome.',
  },
} as const

/** Bounds for a request that takes between a millisecond and the 30 s time limit. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Where the package counts what it does. Counting is an addition to a number; the meter is fed when it collects. */
export interface AuditMetrics {
  emitted(records: number): void
  exported(records: number): void
  /** `reason`: an error code such as `disk_full`, or `rejected` or `duplicate` for a record set aside. */
  dropped(records: number, reason: string): void
  exportDuration(seconds: number, outcome: string): void
  /** Hands over what is not handed over yet and lets go of the meter. */
  close(): void
}

export interface MetricsOptions {
  /** Undelivered records; asked at each collection. */
  readonly queueDepth: () => number
  /** Version of this package, for the meter's scope. */
  readonly version?: string
}

interface Instruments {
  readonly emitted: Counter
  readonly exported: Counter
  readonly dropped: Counter
  readonly exportDuration: Histogram
  detach(): void
}

/**
 * The package's metrics on the global meter provider, whichever is registered at the time: an SDK that starts later
 * gets the counts from before too. Nothing is registered until the first count.
 */
export function createMetrics(options: MetricsOptions): AuditMetrics {
  return new MeteredCounts(options)
}

class MeteredCounts implements AuditMetrics {
  readonly #options: MetricsOptions
  readonly #dropped = new Map<string, number>()
  #emitted = 0
  #exported = 0
  #provider: MeterProvider | undefined
  #instruments: Instruments | undefined

  constructor(options: MetricsOptions) {
    this.#options = options
  }

  emitted(records: number): void {
    this.#emitted += records
    this.#attach()
  }

  exported(records: number): void {
    this.#exported += records
    this.#attach()
  }

  dropped(records: number, reason: string): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + records)
    this.#attach()
  }

  exportDuration(seconds: number, outcome: string): void {
    this.#attach()
    this.#instruments?.exportDuration.record(seconds, { outcome })
  }

  close(): void {
    this.#flush()
    this.#instruments?.detach()
    this.#instruments = undefined
  }

  // The API's meter does not forward to a provider that is registered later, so the provider is looked up each time.
  #attach(): void {
    const provider = metrics.getMeterProvider()
    if (provider === this.#provider) return
    this.#instruments?.detach()
    this.#provider = provider
    this.#instruments = this.#create(provider)
  }

  #create(provider: MeterProvider): Instruments {
    const meter = provider.getMeter('otel-audit', this.#options.version)
    const { emitted, exported, dropped, queueDepth, exportDuration } = instruments
    const gauge = meter.createObservableGauge(queueDepth.name, queueDepth)
    const observe = (result: ObservableResult): void => {
      this.#flush()
      result.observe(this.#options.queueDepth())
    }
    gauge.addCallback(observe)
    return {
      emitted: meter.createCounter(emitted.name, emitted),
      exported: meter.createCounter(exported.name, exported),
      dropped: meter.createCounter(dropped.name, dropped),
      exportDuration: meter.createHistogram(exportDuration.name, {
        ...exportDuration,
        advice: { explicitBucketBoundaries: durationBuckets },
      }),
      detach: () => gauge.removeCallback(observe),
    }
  }

  // Collection asks observable instruments first, so what is added here is in the same collection. A provider that
  // never collects (none is registered) never takes the counts from here, and they wait for one that does.
  #flush(): void {
    if (this.#instruments === undefined) return
    const { emitted, exported, dropped } = this.#instruments
    if (this.#emitted > 0) emitted.add(this.#emitted)
    if (this.#exported > 0) exported.add(this.#exported)
    this.#emitted = 0
    this.#exported = 0
    for (const [reason, records] of this.#dropped) dropped.add(records, { reason })
    this.#dropped.clear()
  }
}
