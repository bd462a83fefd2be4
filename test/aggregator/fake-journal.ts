import { AggregatingLogger } from '../../src/aggregator/aggregating-logger.ts'
import type { JournalMember } from '../../src/aggregator/journal-member.ts'
import { createEventPreparer } from '../../src/event/prepare-event.ts'
import type { AuditError, AuditProblem } from '../../src/index.ts'
import { FakeProvider, yes } from './fake-provider.ts'

type JournalHealth = ReturnType<JournalMember['health']>

/** A journal in memory whose failure a test sets. */
export class FakeJournal extends FakeProvider {
  state: JournalHealth = { status: 'ok', reasons: [], undelivered: 3, setAside: 1, streams: 2 }
  ended: unknown
  failure: AuditError | undefined

  constructor(onRecord = yes) {
    super('journal', onRecord)
  }

  ready(): Promise<void> {
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure)
  }

  override forceFlush(): Promise<void> {
    return this.ready()
  }

  drain(): Promise<{ undelivered: number }> {
    return Promise.resolve({ undelivered: 2 })
  }

  end(options?: unknown): Promise<{ undelivered: number }> {
    this.ended = options
    return this.ready().then(() => ({ undelivered: 3 }))
  }

  /** The same object as the logger knows it: its shutdown says more than a processor's. */
  member(): JournalMember {
    return {
      auditBackend: this.auditBackend,
      auditDurability: this.auditDurability,
      onEmit: (record, context) => this.onEmit(record, context),
      forceFlush: () => this.forceFlush(),
      ready: () => this.ready(),
      drain: () => this.drain(),
      shutdown: (options) => this.end(options),
      health: () => this.health(),
      backendsChanged: () => undefined,
    }
  }

  health(): JournalHealth {
    return this.state
  }
}

/** A logger with this journal. */
export function withJournal(journal: FakeJournal, others: readonly FakeProvider[] = []) {
  const problems: AuditProblem[] = []
  const logger = new AggregatingLogger({
    prepare: createEventPreparer(),
    report: (problem) => problems.push({ ...problem, count: 1 }),
    journal: journal.member(),
    providers: others,
    providerTimeoutMillis: 100,
  })
  return { logger, problems }
}
