import { worseHealth, type AuditHealth } from '../telemetry/health.ts'
import type { JournalMember } from './journal-member.ts'
import type { ProviderSet } from './provider-set.ts'

/** The journal's own state and what the backends' last calls said. */
export function healthOf(
  set: ProviderSet,
  journalMember: JournalMember | undefined,
  pendingCalls: number,
  open: boolean,
): AuditHealth {
  const journal = journalMember?.health()
  const reasons = [...(journal?.reasons ?? [])]
  let status = journal?.status ?? 'ok'
  const backends: Record<string, { status: 'ok' | 'failing'; reason?: string }> = {}
  for (const { name, lastFailure, durability } of set.known()) {
    backends[name] = lastFailure === undefined ? { status: 'ok' } : { status: 'failing', reason: lastFailure }
    if (lastFailure === undefined) continue
    if (!reasons.includes(lastFailure)) reasons.push(lastFailure)
    status = worseHealth(status, durability === 'durable' ? 'failing' : 'degraded')
  }
  for (const { failure } of set.modules()) {
    if (failure === undefined) continue
    reasons.push(failure)
    status = worseHealth(status, 'degraded')
  }
  if (!open) {
    reasons.push('The audit logger is shut down and takes no more records')
    status = 'failing'
  }
  return {
    status,
    reasons,
    undelivered: journal?.undelivered ?? 0,
    ...(journal?.oldestUndelivered === undefined ? {} : { oldestUndelivered: journal.oldestUndelivered }),
    setAside: journal?.setAside ?? 0,
    streams: journal?.streams ?? 0,
    pendingCalls,
    backends,
  }
}
