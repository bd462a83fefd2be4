import { diag } from '@opentelemetry/api'
import type { AuditDelivery } from '../aggregator/audit-provider.ts'
import { isAuditSlot, type AuditReceiptDurability } from '../aggregator/confirmation.ts'
import { AuditError, isAuditError } from '../errors.ts'

/** How one record's fate is told, whatever kind of slot it came with. The first word counts, later ones are ignored. */
export interface Settlement {
  /** True once the caller has given up. */
  readonly aborted: boolean
  confirm(): void
  fail(error: AuditError): void
}

/**
 * Takes the slot of a delivery, once, inside `onEmit`. Without a delivery (a plain LoggerProvider, NodeSDK) there is
 * nobody to confirm to, and a failure goes to OpenTelemetry's `diag`.
 */
export function settlementOf(
  delivery: AuditDelivery | undefined,
  backend: string,
  durability: AuditReceiptDurability,
): Settlement {
  if (delivery === undefined) return unattended(backend)
  if (isAuditSlot(delivery)) {
    delivery.defer()
    return once({
      delivery,
      confirm: () => delivery.confirm({ durability }),
      fail: (error) => delivery.fail(error),
    })
  }
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  // A slot that nobody awaits any more must not turn into an unhandled rejection.
  promise.catch(() => undefined)
  delivery.acknowledge(promise)
  return once({ delivery, confirm: () => resolve(true), fail: reject })
}

/** An error of somebody else's code as ours; an AuditError stays as it is. */
export function providerFailure(backend: string, what: string, cause: unknown): AuditError {
  if (isAuditError(cause)) return cause
  return new AuditError('provider_failed', `audit provider "${backend}": ${what}: ${describe(cause)}`, { cause })
}

/** What to tell a record that comes after shutdown (rule P7). */
export function shutDownError(backend: string): AuditError {
  return new AuditError('shut_down', `audit provider "${backend}" is shut down and takes no more records`)
}

/** One line about anything that was thrown, hostile objects included. */
export function describe(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message
    return String(thrown)
  } catch {
    return 'a value that cannot be shown'
  }
}

function unattended(backend: string): Settlement {
  return once({ confirm: () => undefined, fail: (error) => diag.error(`otel-audit ${backend}: ${error.message}`) })
}

function once(target: {
  delivery?: AuditDelivery
  confirm: () => void
  fail: (error: AuditError) => void
}): Settlement {
  let settled = false
  const settle = (tell: () => void): void => {
    if (settled) return
    settled = true
    tell()
  }
  return {
    get aborted() {
      // Read late: the pipeline makes a signal only for who asks.
      return target.delivery?.signal.aborted === true
    },
    confirm: () => settle(target.confirm),
    fail: (error) => settle(() => target.fail(error)),
  }
}
