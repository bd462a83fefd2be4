import { AuditError } from '../errors.ts'

const plain = /^[ !#-[\]-~]*$/

/** True for ASCII that JSON writes as it is: most strings. A JavaScript string that passes needs nothing but quotes. */
export function isPlain(text: string): boolean {
  return plain.test(text)
}

/**
 * The JSON text of a string as RFC 8785 has it, which is also what `JSON.stringify` gives.
 * @throws AuditError `corrupt` for a lone surrogate: it has no UTF-8 form (rule I2)
 */
export function jsonString(text: string): string {
  if (plain.test(text)) return '"' + text + '"'
  if (text.isWellFormed()) return JSON.stringify(text)
  throw new AuditError('corrupt', `a string holds a lone surrogate and so has no UTF-8 form: ${JSON.stringify(text)}`)
}
