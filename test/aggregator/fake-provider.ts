import type { Context } from '@opentelemetry/api'
import type { ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import {
  getAuditDelivery,
  type AuditDelivery,
  type AuditProvider,
  type AuditProviderDurability,
} from '../../src/index.ts'

export type OnRecord = (delivery: AuditDelivery, record: ReadWriteLogRecord) => void

/** A provider of somebody else: it sees only what the public slot shows. */
export class FakeProvider implements AuditProvider {
  readonly auditBackend: string
  readonly auditDurability: AuditProviderDurability
  readonly seen: AuditDelivery[] = []
  readonly records: ReadWriteLogRecord[] = []
  flushed = 0
  closed = 0
  onRecord: OnRecord

  constructor(auditBackend: string, onRecord: OnRecord = yes, auditDurability: AuditProviderDurability = 'durable') {
    this.auditBackend = auditBackend
    this.onRecord = onRecord
    this.auditDurability = auditDurability
  }

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    const delivery = getAuditDelivery(context)
    if (delivery === undefined) return
    this.seen.push(delivery)
    this.records.push(record)
    this.onRecord(delivery, record)
  }

  forceFlush(): Promise<void> {
    this.flushed++
    return Promise.resolve()
  }

  shutdown(): Promise<void> {
    this.closed++
    return Promise.resolve()
  }
}

export const yes: OnRecord = (delivery) => delivery.acknowledge(Promise.resolve(true))
export const no: OnRecord = (delivery) => delivery.acknowledge(Promise.resolve(false))
export const silent: OnRecord = () => undefined
export const hang: OnRecord = (delivery) => delivery.acknowledge(new Promise(() => undefined))
export const reject =
  (cause: unknown): OnRecord =>
  (delivery) =>
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- anything may be thrown
    delivery.acknowledge(Promise.reject(cause))
export const raise =
  (cause: unknown): OnRecord =>
  () => {
    throw cause
  }

export const event = { adminUserId: 7, action: 'create_store', targetType: 'store', targetId: 12 } as const
