import type { AuditError } from '../errors.ts'
import type { AuditDelivery } from './audit-provider.ts'

/** What a receipt vouches for. It never claims more than is so; more values may come. */
export type AuditReceiptDurability = 'memory' | 'transaction' | 'local' | 'collector'

/** Stronger is greater. */
export const durabilityRank: Readonly<Record<AuditReceiptDurability, number>> = {
  memory: 1,
  transaction: 2,
  local: 3,
  collector: 4,
}

/** What a provider that knows our slots may say beyond yes: the journal's place in the chain. */
export interface Confirmation {
  readonly durability?: AuditReceiptDurability
  readonly streamId?: string
  readonly sequence?: number
  readonly integrityHash?: string
}

/**
 * The slot as our own providers see it: they may settle it directly, without a promise per record, and they learn
 * which durability the caller asked for. Foreign providers see only {@link AuditDelivery}.
 */
export interface AuditSlot extends AuditDelivery {
  /** The caller's floor: with `collector` the journal confirms only what the collector acknowledged. */
  readonly durabilityFloor: 'local' | 'collector' | undefined
  /** In place of `acknowledge`: this slot will be settled by `confirm` or `fail`, later. */
  defer(): void
  /**
   * Settles the slot. With the floor `collector` the journal says `local` first and `collector` later: the first word is
   * kept for the receipt, and the slot stays open.
   */
  confirm(confirmation?: Confirmation): void
  fail(error: AuditError): void
}

/** True when the delivery is a slot of this very package (another copy's slots are plain deliveries). */
export function isAuditSlot(delivery: AuditDelivery): delivery is AuditSlot {
  return typeof (delivery as Partial<AuditSlot>).confirm === 'function'
}
