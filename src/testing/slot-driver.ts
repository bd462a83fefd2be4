import { ROOT_CONTEXT } from '@opentelemetry/api'
import { LoggerProvider, type LogRecordProcessor, type ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import {
  deliveryKey,
  getAuditDelivery,
  isProcessor,
  type AuditDelivery,
  type AuditProvider,
  type AuditProviderProtocol,
} from '../aggregator/audit-provider.ts'
import { asProcessor } from '../aggregator/protocol-provider.ts'
import type { AuditEvent } from '../event/audit-event.ts'
import { sampleLogRecord } from './sample-event.ts'

export type SlotOutcome = { readonly ok: true } | { readonly ok: false; readonly error: unknown }

/** One record that was put to a provider. */
export interface DrivenRecord {
  /** What the slot was told; a failure when the provider did not acknowledge inside `onEmit`. */
  readonly outcome: Promise<SlotOutcome>
  /** How often `acknowledge` was called, so far. */
  readonly acknowledgements: () => number
  /** What `onEmit` threw. */
  readonly thrown: { readonly value: unknown } | undefined
  /** The record as it went in, and as it is now, as comparable copies. */
  readonly before: unknown
  readonly now: () => unknown
}

/**
 * Puts records to one provider on a real `LoggerProvider` with slots that only count, the way a foreign copy of the
 * package sees them: for what the public logger hides, such as a second acknowledgement.
 */
export class SlotDriver {
  readonly #processor: LogRecordProcessor
  readonly #logs: LoggerProvider
  #last: { readonly record: ReadWriteLogRecord; readonly before: unknown } | undefined

  constructor(provider: AuditProvider | AuditProviderProtocol) {
    // As the logger has it: with both shapes in one object, `onEmit` wins, be there a flush or not.
    this.#processor =
      isProcessor(provider) || 'onEmit' in provider ? asProcessor(provider) : protocolProcessor(provider)
    const probe: LogRecordProcessor = {
      onEmit: (record) => (this.#last = { record, before: snapshot(record) }),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    }
    this.#logs = new LoggerProvider({
      processors: [probe, this.#processor],
      logRecordLimits: { attributeCountLimit: Infinity, attributeValueLengthLimit: Infinity },
    })
  }

  put(event: AuditEvent, options: { readonly db?: unknown; readonly signal?: AbortSignal } = {}): DrivenRecord {
    let count = 0
    let outcome: Promise<SlotOutcome> | undefined
    const delivery: AuditDelivery = {
      event,
      db: options.db,
      signal: options.signal ?? new AbortController().signal,
      acknowledge: (done) => {
        count += 1
        outcome ??= told(done)
      },
    }
    let thrown: { readonly value: unknown } | undefined
    try {
      this.#logs
        .getLogger('otel-audit')
        .emit({ ...sampleLogRecord(event), context: ROOT_CONTEXT.setValue(deliveryKey, delivery) })
    } catch (value) {
      thrown = { value }
    }
    const last = this.#last
    return {
      outcome: outcome ?? Promise.resolve({ ok: false, error: new Error('not acknowledged inside onEmit') }),
      acknowledgements: () => count,
      thrown,
      before: last?.before,
      now: () => (last === undefined ? undefined : snapshot(last.record)),
    }
  }

  /** A record without a slot, as in a plain `LoggerProvider` or `NodeSDK`. */
  putPlain(record: { readonly body?: unknown; readonly attributes?: Record<string, string> }): void {
    this.#logs.getLogger('ordinary').emit(record)
  }
}

function protocolProcessor(provider: AuditProviderProtocol): LogRecordProcessor {
  return {
    onEmit: (record, context) => {
      const delivery = getAuditDelivery(context)
      if (delivery === undefined) return
      const { event, db, signal } = delivery
      delivery.acknowledge(Promise.resolve(provider.logAction(event, { db, record, signal })))
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

async function told(done: Promise<boolean | void>): Promise<SlotOutcome> {
  try {
    return (await done) === false ? { ok: false, error: new Error('acknowledged false') } : { ok: true }
  } catch (error) {
    return { ok: false, error }
  }
}

function snapshot(record: ReadWriteLogRecord): unknown {
  const { hrTime, hrTimeObserved, spanContext, severityText, severityNumber, eventName } = record
  return structuredClone({
    hrTime,
    hrTimeObserved,
    spanContext,
    severityText,
    severityNumber,
    eventName,
    body: record.body,
    attributes: record.attributes,
    droppedAttributesCount: record.droppedAttributesCount,
  })
}
