import type { AuditConfirmBy, AuditReceipt } from './audit-logger.ts'
import { durabilityRank } from './confirmation.ts'
import type { Slot } from './slot.ts'

interface Undecided {
  readonly slots: readonly Slot[]
  readonly rule: AuditConfirmBy
  readonly floor: 'local' | 'collector' | undefined
  readonly only: readonly string[] | undefined
  readonly earlier: AuditReceipt | undefined
  readonly earlierIsDurable: boolean
}

/** A provider whose factory is under way may turn out durable; one whose factory failed is as good as disabled. */
function mayBeDurable(slot: Slot): boolean {
  return slot.member.durability === undefined ? slot.open : slot.member.durability === 'durable'
}

/** `true`: confirmed as asked. `false`: it cannot be any more. `undefined`: not certain yet. */
export function verdict(call: Undecided): boolean | undefined {
  let open = 0
  let strongest = call.earlier === undefined ? 0 : durabilityRank[call.earlier.durability]
  for (const slot of call.slots) {
    if (slot.open) open++
    const durability = slot.confirmed ? slot.durability : undefined
    if (durability !== undefined) strongest = Math.max(strongest, durabilityRank[durability])
  }
  const answer = byRule(call, open)
  if (answer === false) return false
  const floor = call.floor === undefined ? 0 : durabilityRank[call.floor]
  if (answer === true && strongest >= floor) return true
  return open === 0 ? false : undefined
}

function byRule(call: Undecided, open: number): boolean | undefined {
  if (call.rule === 'all') {
    if (call.slots.some((slot) => slot.error !== undefined)) return false
    return open === 0 && call.slots.length > 0 ? true : undefined
  }
  if (call.rule === 'durable') return call.earlierIsDurable || byDurable(call.slots, open)
  return byNames(call)
}

/** One durable provider has it; weaker ones count only when no durable one takes the call. */
function byDurable(slots: readonly Slot[], open: number): boolean | undefined {
  let durable = false
  let possible = false
  let weak = false
  for (const slot of slots) {
    if (!mayBeDurable(slot)) {
      weak ||= slot.confirmed
      continue
    }
    if (slot.confirmed) return true
    durable = true
    possible ||= slot.open
  }
  if (durable) return possible ? undefined : false
  if (weak) return true
  return open > 0 ? undefined : false
}

/** Each named provider that the call's own `backends` leave has it; when they leave none, each of `backends`. */
function byNames(call: Undecided): boolean | undefined {
  const wanted = call.rule as readonly string[]
  const only = call.only
  const left = only === undefined ? wanted : wanted.filter((name) => only.includes(name))
  let answer: boolean | undefined = true
  for (const name of left.length > 0 ? left : (only ?? [])) {
    if (call.earlier?.backends[name]?.ok === true && !call.slots.some(({ member }) => member.name === name)) continue
    const slot = call.slots.find((candidate) => candidate.member.name === name)
    if (slot?.confirmed === true) continue
    const pending = slot === undefined ? call.slots.some((other) => other.member.provider === undefined) : slot.open
    if (!pending) return false
    answer = undefined
  }
  return answer
}
