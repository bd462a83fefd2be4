import { AuditError } from '../errors.ts'
import { describe } from '../telemetry/describe-cause.ts'
import type { AuditCallOptions } from './audit-logger.ts'

/** @throws AuditError `bad_config` for an option that could not be meant, `aborted` when the signal already is */
export function checkCallOptions(options: AuditCallOptions): void {
  const { backends, durability, timeoutMillis, signal } = options
  if (backends !== undefined && (!Array.isArray(backends) || backends.some((name) => typeof name !== 'string'))) {
    throw new AuditError('bad_config', 'backends must be a list of backend names')
  }
  if (durability !== undefined && !['local', 'collector'].includes(durability)) {
    throw new AuditError('bad_config', `durability must be "local" or "collector", not ${describe(durability)}`)
  }
  if (timeoutMillis !== undefined && !(typeof timeoutMillis === 'number' && timeoutMillis > 0)) {
    throw new AuditError('bad_config', `timeoutMillis must be a number of milliseconds above 0`)
  }
  if (signal?.aborted === true) {
    throw new AuditError('aborted', 'The signal was already aborted; nothing was recorded', {
      cause: signal.reason as unknown,
    })
  }
}
