import { AuditError } from '../errors.ts'
import type { AuditBackendResult, AuditReceipt } from './audit-logger.ts'
import type { Call } from './call.ts'
import { durabilityRank, type AuditReceiptDurability } from './confirmation.ts'
import { describe } from '../telemetry/describe-cause.ts'
import type { Slot } from './slot.ts'

/** The receipt of a call whose slots have settled (rule P13). */
export function buildReceipt(call: Call, now: () => Date): AuditReceipt {
  const { earlier } = call
  const durability = strongest(call.slots) ?? 'memory'
  const place = call.slots.find((slot) => slot.confirmation?.streamId !== undefined)?.confirmation
  const receipt: AuditReceipt = {
    recordId: call.event.recordId,
    ...(place?.streamId === undefined ? {} : { streamId: place.streamId }),
    ...(place?.sequence === undefined ? {} : { sequence: place.sequence }),
    ...(place?.integrityHash === undefined ? {} : { integrityHash: place.integrityHash }),
    recordedAt: call.confirmedAt ?? now(),
    durability,
    backends: backendsOf(call.slots),
  }
  if (earlier === undefined) return receipt
  const stronger = durabilityRank[durability] > durabilityRank[earlier.durability]
  const { backends, ...first } = earlier
  return {
    ...receipt,
    ...first,
    ...(stronger ? { durability } : {}),
    backends: { ...backends, ...receipt.backends },
    repeated: true,
  }
}

function backendsOf(slots: readonly Slot[]): Record<string, AuditBackendResult> {
  const backends: Record<string, AuditBackendResult> = {}
  for (const { member, error } of slots)
    backends[member.name] = error === undefined ? { ok: true } : { ok: false, error }
  return backends
}

/** Why a call is not confirmed, with what it reached. */
export function failureOf(call: Call, aborted: AuditError | undefined, now: () => Date): AuditError {
  const reached = call.slots.some((slot) => slot.durability !== undefined) ? buildReceipt(call, now) : undefined
  const receipt = reached === undefined ? {} : { receipt: reached }
  if (aborted !== undefined) return new AuditError('aborted', aborted.message, { cause: aborted.cause, ...receipt })
  const failed = call.slots.filter((slot) => slot.error !== undefined)
  const worst = failed.find((slot) => slot.member.durability === 'durable') ?? failed[0]
  if (worst?.error === undefined) {
    if (call.slots.length === 0) return noProvider(call)
    const asked = call.floor === undefined ? confirmedBy(call) : `durability "${call.floor}"`
    const got = strongest(call.slots) ?? 'nothing'
    const message = `Record ${call.event.recordId} is not confirmed: asked for ${asked}, reached ${got}`
    return new AuditError('not_confirmed', message, receipt)
  }
  const others = failed.length > 1 ? ` (and ${failed.length - 1} more: ${listed(failed, worst)})` : ''
  const { error } = worst
  return new AuditError(error.code, `${error.message}${others}`, { cause: error.cause ?? error, ...receipt })
}

function noProvider(call: Call): AuditError {
  const asked = call.only === undefined ? '' : ` of the asked backends ${call.only.join(', ')}`
  return new AuditError('no_provider', `Record ${call.event.recordId}: no audit backend${asked} could take it`)
}

function confirmedBy(call: Call): string {
  return typeof call.rule === 'string' ? `confirmBy "${call.rule}"` : `confirmBy ${call.rule.join(', ')}`
}

function listed(failed: readonly Slot[], worst: Slot): string {
  const others = failed.filter((slot) => slot !== worst)
  return others.map((slot) => `${slot.member.name}: ${describe(slot.error)}`).join('; ')
}

function strongest(slots: readonly Slot[]): AuditReceiptDurability | undefined {
  let best: AuditReceiptDurability | undefined
  for (const { durability } of slots) {
    if (durability === undefined) continue
    if (best === undefined || durabilityRank[durability] > durabilityRank[best]) best = durability
  }
  return best
}
