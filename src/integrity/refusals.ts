import { AuditError } from '../errors.ts'

/** Rule I2. */
const maxDepth = 128

/** The record holds something that rule I2 has no form for. */
export function noForm(what: string): AuditError {
  return new AuditError('corrupt', `the record holds ${what}, which has no canonical form`)
}

/** The record could be read in two ways, so that what one reader verifies another reader does not see. */
export function twoWays(what: string): AuditError {
  return new AuditError('ambiguous', `the record holds ${what}, which readers may take in different ways`)
}

/** @throws AuditError `corrupt` for an array or map nested too deep; the outermost has depth 1 */
export function checkDepth(depth: number): void {
  if (depth > maxDepth) throw noForm(`a value nested deeper than ${maxDepth}`)
}
