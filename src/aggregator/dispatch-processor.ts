import type { Context } from '@opentelemetry/api'
import type { LogRecordProcessor, ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { correlate } from '../context/correlation.ts'
import type { ReportProblem } from '../errors.ts'
import { CallContext } from './call-context.ts'
import type { Call } from './call.ts'
import { enrich } from './enricher-guard.ts'
import { goesToSeveral } from './member.ts'
import { SharedRecord } from './shared-record.ts'

/**
 * The one processor of the audit LoggerProvider. The SDK calls its processors without a try/catch, so that one throw
 * skips the later ones and reaches the emitter; this one finds the call in the Context and gives the record to each
 * provider by itself, in a form that no provider can change for another ({@link SharedRecord}).
 */
export class DispatchProcessor implements LogRecordProcessor {
  readonly #enrichers: readonly LogRecordProcessor[]
  readonly #report: ReportProblem

  constructor(enrichers: readonly LogRecordProcessor[], report: ReportProblem) {
    this.#enrichers = enrichers
    this.#report = report
  }

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    if (!(context instanceof CallContext)) return
    const { call } = context
    call.dispatched = true
    // The event's values are safe already; the SDK's own check of each would cost more than the rest of its work.
    Object.assign(record.attributes, call.attributes)
    call.attributes = undefined
    call.record = record
    call.context = context
    if (record.spanContext === undefined && call.event.requestId !== undefined) {
      const found = correlate(call.event.requestId)
      if (found !== undefined) record.spanContext = { traceId: found.traceId, spanId: found.spanId, traceFlags: 0 }
    }
    for (const enricher of this.#enrichers) enrich(enricher, record, context, this.#report)
    const { slots } = call
    for (const slot of slots) {
      // The journal stands first and seals at once: it needs no record that others can't change.
      if (slot.member.foreign && call.record === record) call.record = new SharedRecord(record, goesToSeveral(slots))
      if (slot.member.provider === undefined) slot.member.waiting.add(slot)
      else call.deliver(slot)
    }
    release(call)
  }

  forceFlush(): Promise<void> {
    return Promise.resolve()
  }

  shutdown(): Promise<void> {
    return Promise.resolve()
  }
}

/** Only a slot that waits for a factory needs the record later; an un-awaited burst must not hold a million of them. */
function release(call: Call): void {
  if (call.slots.some((slot) => slot.member.provider === undefined && slot.open)) return
  call.record = undefined
  call.context = undefined
}
