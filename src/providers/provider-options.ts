import { isAuditProvider } from '../aggregator/audit-provider.ts'
import { AuditError } from '../errors.ts'

/** @throws AuditError `bad_config` when the name is not `/^[a-z][a-z0-9_-]{0,31}$/`. */
export function checkedBackend(backend: unknown, maker: string): string {
  if (typeof backend === 'string' && isAuditProvider({ auditBackend: backend, logAction: () => false })) return backend
  throw new AuditError(
    'bad_config',
    `${maker}: the backend name ${show(backend)} must be 1 to 32 characters of a-z, 0-9, "_" and "-", a letter first`,
  )
}

/** @throws AuditError `bad_config` for anything but an object with these keys. */
export function checkKnownOptions(options: unknown, known: readonly string[], maker: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new AuditError('bad_config', `${maker}: options must be an object, not ${show(options)}`)
  }
  const unknown = Object.keys(options).filter((key) => !known.includes(key))
  if (unknown.length === 0) return
  throw new AuditError(
    'bad_config',
    `${maker}: unknown option ${unknown.map(show).join(', ')}; known are ${known.join(', ')}`,
  )
}

/** @throws AuditError `bad_config` for anything but a whole number from 1. */
export function checkedCount(value: number | undefined, fallback: number, name: string, maker: string): number {
  if (value === undefined) return fallback
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new AuditError('bad_config', `${maker}: ${name} must be a whole number from 1, not ${show(value)}`)
}

/** A value as an error message shows it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
