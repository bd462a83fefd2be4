import { AuditError } from '../errors.ts'

const quotedLength = 64

/** What was found, in words; texts are quoted and cut. Never throws. */
export function found(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > quotedLength ? `${value.slice(0, quotedLength)}…` : value)
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'bigint':
      return 'a bigint'
    case 'object':
      return value === null ? 'null' : `an object (${objectKind(value)})`
    default:
      return `a ${typeof value}`
  }
}

function objectKind(value: object): string {
  try {
    const { constructor } = value as { constructor?: unknown }
    const name = typeof constructor === 'function' ? (constructor as { name?: unknown }).name : undefined
    return typeof name === 'string' && name !== '' ? name.slice(0, quotedLength) : 'without a class'
  } catch {
    return 'unreadable'
  }
}

/** The refusal of an event: which field, what was found, what is expected. */
export function invalidEvent(field: string, value: unknown, expected: string, cause?: unknown): AuditError {
  return new AuditError(
    'invalid_event',
    `Audit event refused: ${field} is ${found(value)}; expected ${expected}.`,
    cause === undefined ? {} : { cause },
  )
}
