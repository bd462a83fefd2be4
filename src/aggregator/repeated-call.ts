import { AuditError } from '../errors.ts'
import type { AuditReceipt } from './audit-logger.ts'
import type { Call } from './call.ts'
import { chooseSlots } from './choose-slots.ts'
import { durabilityRank } from './confirmation.ts'
import type { DeadlineQueue, Expiring } from './deadline-queue.ts'
import type { ProviderSet } from './provider-set.ts'
import type { RepeatEntry } from './repeats.ts'
import type { Slot } from './slot.ts'

/**
 * What a repeat still has to be given to, when an earlier call confirmed its record: backends that this call asks for
 * and that don't have it, if what has it is not enough, and those in the caller's transaction, because the one that
 * took it before may have been rolled back. Empty: the earlier receipt is the answer.
 *
 * @throws AuditError `no_provider`; `not_confirmed` when nothing is left to try and the call asks for more
 */
export function slotsBeyond(receipt: AuditReceipt, set: ProviderSet, call: Call): readonly Slot[] {
  const { only, floor, db, event } = call
  const slots = only === undefined && set.enabled().length === 0 ? [] : chooseSlots(set, call)
  const has = (name: string): boolean => receipt.backends[name]?.ok === true
  call.earlierIsDurable = Array.from(set.known()).some(
    ({ name, durability }) => durability === 'durable' && has(name) && (only?.includes(name) ?? true),
  )
  const enough = suffices(call, receipt, slots, has)
  const left = slots.filter(({ member }) => {
    return (db !== undefined && member.durability === 'transaction') || !(enough || has(member.name))
  })
  if (enough || left.length > 0) return left
  const message = `Record ${event.recordId} was confirmed before with durability "${receipt.durability}", and a repeat is not written again: "${floor ?? 'more'}" can't be told of it`
  throw new AuditError('not_confirmed', message, { receipt })
}

function suffices(
  { floor, only, rule, earlierIsDurable }: Call,
  receipt: AuditReceipt,
  slots: readonly Slot[],
  has: (name: string) => boolean,
): boolean {
  if (floor !== undefined && durabilityRank[receipt.durability] < durabilityRank[floor]) return false
  if (only !== undefined) return only.every(has)
  if (rule === 'all') return slots.every(({ member }) => has(member.name))
  if (rule === 'durable')
    return earlierIsDurable || slots.every(({ member }) => (member.durability ?? 'durable') !== 'durable')
  return rule.every(has)
}

/** The first attempt's receipt, or its failure, within the repeating call's own time limit and signal. */
export function awaitFirst(
  entry: RepeatEntry,
  call: Call,
  { deadlines, signal }: { deadlines: DeadlineQueue; signal: AbortSignal | undefined },
  done: (receipt: AuditReceipt) => void,
  failed: (error: AuditError) => void,
): void {
  const state = { over: false }
  const end = (tell: () => void): void => {
    if (state.over) return
    state.over = true
    deadlines.remove(wait)
    signal?.removeEventListener('abort', onAbort)
    tell()
  }
  const { timeoutMillis } = call
  const { recordId } = call.event
  const late = `the first call with record id ${recordId} did not settle within ${timeoutMillis} ms`
  const wait: Expiring = {
    timeoutMillis,
    deadline: 0,
    previous: undefined,
    next: undefined,
    expire: () => end(() => failed(new AuditError('provider_timeout', late))),
  }
  const gaveUp = `The caller gave up on a repeat of record ${recordId}; the first call goes on`
  const onAbort = (): void => end(() => failed(new AuditError('aborted', gaveUp, { cause: signal?.reason as unknown })))
  entry.share(
    (receipt) => end(() => done(receipt)),
    (error) => end(() => failed(error)),
  )
  if (state.over) return
  deadlines.add(wait)
  signal?.addEventListener('abort', onAbort, { once: true })
}
