export type AuditHealthStatus = 'ok' | 'degraded' | 'failing'

/** The state of the trail. */
export interface AuditHealth {
  /**
   * `failing`: records are refused or nothing reaches the far end. `degraded`: records are confirmed, but something
   * that is configured does not work.
   */
  readonly status: AuditHealthStatus
  /** Why it is not `ok`, one sentence each. */
  readonly reasons: string[]
  /** Records that are durable here and not yet acknowledged by the collector. */
  readonly undelivered: number
  readonly oldestUndelivered?: Date
  /** Records that the collector refused for good and that wait for an operator (rule P9). */
  readonly setAside: number
  /** Streams with a trace on this journal's disk. */
  readonly streams: number
  /** Calls whose providers have not all settled. */
  readonly pendingCalls: number
  /** What each backend's last call said. */
  readonly backends: Readonly<Record<string, { readonly status: 'ok' | 'failing'; readonly reason?: string }>>
}

const rank: Record<AuditHealthStatus, number> = { ok: 0, degraded: 1, failing: 2 }

/** The worse of two states. */
export function worseHealth(a: AuditHealthStatus, b: AuditHealthStatus): AuditHealthStatus {
  return rank[a] >= rank[b] ? a : b
}
