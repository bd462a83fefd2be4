import { AuditError } from '../errors.ts'
import type { Call } from './call.ts'
import type { Member } from './member.ts'
import type { ProviderSet } from './provider-set.ts'
import { Slot } from './slot.ts'

/**
 * One slot for each provider that takes the call: those enabled now, of these only `backends` when the caller names
 * some. A provider whose factory is under way has no name yet; it gets a slot and may have to give it back.
 *
 * @throws AuditError `no_provider` when there is none, or a name that no backend has
 */
export function chooseSlots(set: ProviderSet, call: Call): Slot[] {
  const members = set.enabled()
  const { only } = call
  const slots: Slot[] = []
  for (const member of members) {
    if (only === undefined || member.provider === undefined || only.includes(member.name)) {
      slots.push(new Slot(call, member))
    }
  }
  if (slots.length > 0 && (only === undefined || areKnown(only, set, members))) return slots
  throw noProvider(only, set, members)
}

/** As long as a factory is under way, a name that is not known yet may be its backend's. */
function areKnown(only: readonly string[], set: ProviderSet, members: readonly Member[]): boolean {
  if (members.some(({ provider }) => provider === undefined)) return true
  const known = namesOf(set.known())
  return only.every((name) => known.includes(name))
}

function noProvider(only: readonly string[] | undefined, set: ProviderSet, members: readonly Member[]): AuditError {
  if (only === undefined) {
    return new AuditError('no_provider', 'No audit backend is enabled for this call; the record was not recorded')
  }
  const asked = only.join(', ') || 'an empty list'
  const known = namesOf(set.known()).join(', ') || 'none'
  const enabled = namesOf(members).join(', ') || 'none'
  return new AuditError(
    'no_provider',
    `backends: ${asked}: not all of them can take this call; known backends: ${known}; enabled now: ${enabled}. ` +
      'The record was not recorded',
  )
}

function namesOf(members: Iterable<Member>): string[] {
  return Array.from(members, ({ name }) => name)
}
