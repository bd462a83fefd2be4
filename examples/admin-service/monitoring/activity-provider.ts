import type { AuditEvent, AuditProviderProtocol } from 'otel-audit'

/** A backend of the service's own: counts what administrators do, in memory. */
export class ActivityProvider implements AuditProviderProtocol {
  readonly auditBackend = 'monitoring'
  readonly auditDurability = 'none'
  readonly #counts = new Map<string, number>()

  logAction(event: AuditEvent): boolean {
    const key = `${event.eventName} ${event.outcome}`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    return true
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }
}
