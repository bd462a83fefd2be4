import { onTestFinished } from 'vitest'
import type { AuditProblem } from '../../src/errors.ts'
import { defaultCollectorSettings, type CollectorSettings } from '../../src/delivery/collector-settings.ts'
import { createDelivery, type Delivery, type DeliveryOptions } from '../../src/delivery/delivery.ts'
import { startHostileCollector, type HostileCollectorOptions } from '../../src/testing/hostile-collector.ts'
import type { HostileCollector } from '../../src/testing/hostile-collector.ts'
import { FakeJournal } from './fake-journal.ts'

export interface Rig {
  readonly collector: HostileCollector
  readonly journal: FakeJournal
  readonly delivery: Delivery
  readonly problems: Omit<AuditProblem, 'count'>[]
  readonly counts: { exported: number; dropped: Record<string, number>; durations: string[] }
}

export interface RigOptions {
  readonly settings?: Partial<CollectorSettings>
  readonly collector?: HostileCollectorOptions
  readonly delivery?: Partial<DeliveryOptions>
}

/** A delivery with short waits from a fake journal to a hostile collector; ended with the test. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  const collector = await startHostileCollector(options.collector)
  const journal = new FakeJournal()
  const problems: Omit<AuditProblem, 'count'>[] = []
  const counts: Rig['counts'] = { exported: 0, dropped: {}, durations: [] }
  const delivery = createDelivery({
    source: journal,
    collector: {
      ...defaultCollectorSettings,
      url: collector.url,
      timeoutMillis: 2_000,
      initialBackoffMillis: 10,
      maxBackoffMillis: 80,
      pauseMillis: 40,
      ...options.settings,
    },
    onProblem: (problem) => problems.push(problem),
    metrics: {
      emitted: () => undefined,
      exported: (records) => (counts.exported += records),
      dropped: (records, reason) => (counts.dropped[reason] = (counts.dropped[reason] ?? 0) + records),
      exportDuration: (_, outcome) => counts.durations.push(outcome),
      close: () => undefined,
    },
    version: '0.0.0',
    ...options.delivery,
  })
  onTestFinished(async () => {
    await delivery.stop({ timeoutMillis: 100 })
    await collector.close()
  })
  return { collector, journal, delivery, problems, counts }
}

/** Everything of the journal is at the collector, once unless `duplicates` says otherwise, in order. */
export function conserved({ collector, journal }: Rig): {
  missing: string[]
  received: ReturnType<HostileCollector['received']>
} {
  const there = new Set(collector.recordIds())
  const aside = new Set(journal.setAsides.map((entry) => entry.recordId))
  const missing = journal.streams
    .flatMap((stream) => stream.recordIds.slice(1))
    .filter((id) => !there.has(id) && !aside.has(id))
  return { missing, received: collector.received() }
}

export const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))
