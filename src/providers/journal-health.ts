import type { DeliveryStatus } from '../delivery/delivery.ts'
import type { JournalStatus } from '../journal/journal-status.ts'

export interface JournalHealth {
  readonly status: 'ok' | 'degraded' | 'failing'
  readonly reasons: string[]
  readonly undelivered: number
  readonly oldestUndelivered?: Date
  readonly setAside: number
  readonly streams: number
}

/** `failing`: records are refused, or nothing reaches the collector. `degraded`: something wants a look. */
export function journalHealth(journal: JournalStatus, sending: DeliveryStatus | undefined): JournalHealth {
  const { directory, failure, oldestUndelivered, setAside, streams, undelivered, volatile } = journal
  const reasons: string[] = []
  if (failure !== undefined) reasons.push(failure.message)
  if (sending?.failing === true) reasons.push(`The collector takes nothing: ${sending.lastError ?? 'unknown reason'}`)
  const failing = reasons.length > 0
  if (sending?.lastError !== undefined && !sending.failing) {
    reasons.push(`The last request to the collector failed: ${sending.lastError}`)
  }
  if (volatile) reasons.push(`journal_volatile: ${directory} does not outlive the machine or container`)
  if (setAside > 0) reasons.push(`${setAside} records are set aside; see otel-audit set-aside list`)
  return {
    status: failing ? 'failing' : reasons.length > 0 ? 'degraded' : 'ok',
    reasons,
    undelivered,
    ...(oldestUndelivered === undefined ? {} : { oldestUndelivered }),
    setAside,
    streams,
  }
}
