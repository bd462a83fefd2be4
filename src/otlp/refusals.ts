import { AuditError } from '../errors.ts'

/** Not JSON, or not OTLP. */
export function corrupt(what: string, offset: number): AuditError {
  return new AuditError('corrupt', `this is not an OTLP/JSON logs request: ${what} at character ${offset}`)
}

/** Two readers could read it differently, so that what one verifies another does not see. */
export function ambiguous(what: string, offset: number): AuditError {
  return new AuditError(
    'ambiguous',
    `readers may take this OTLP/JSON text in different ways: ${what} at character ${offset}`,
  )
}
