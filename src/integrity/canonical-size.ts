import { AuditError } from '../errors.ts'

/** Rule I2: at most 2 MiB of canonical form. */
export const maxCanonicalBytes = 2 * 1024 * 1024

/** @throws AuditError `corrupt` for a canonical form above {@link maxCanonicalBytes} in UTF-8 */
export function refuseOverlong(canonical: string): void {
  const bytes = canonical.length > maxCanonicalBytes ? canonical.length : new TextEncoder().encode(canonical).length
  if (bytes <= maxCanonicalBytes) return
  throw new AuditError(
    'corrupt',
    `the record's canonical form has over ${maxCanonicalBytes} bytes, the most there may be`,
  )
}
