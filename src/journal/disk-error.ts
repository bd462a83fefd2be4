import { AuditError } from '../errors.ts'

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The system's name of an error, `EIO` when it has none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO'
}

/** `disk_full` for a file system or quota without room, `disk_error` for everything else. */
export function diskError(code: string, what: string, cause?: unknown): AuditError {
  return full.has(code)
    ? new AuditError(
        'disk_full',
        `${what}: ${code}. Make room on the journal's file system; records are refused until then.`,
        { cause },
      )
    : new AuditError('disk_error', `${what}: ${code}. Check the journal's disk and directory.`, { cause })
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** An error of ours as it is, anything else as `disk_error`. */
export function asAuditError(error: unknown): AuditError {
  return error instanceof AuditError
    ? error
    : new AuditError('disk_error', `audit journal: unexpected failure: ${messageOf(error)}`, { cause: error })
}
