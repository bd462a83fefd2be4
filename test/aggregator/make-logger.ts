import { afterEach } from 'vitest'
import {
  type AuditError,
  createAuditLogger,
  isAuditError,
  type AuditLogger,
  type AuditLoggerOptions,
  type AuditProblem,
} from '../../src/index.ts'

const made: AuditLogger[] = []

afterEach(async () => {
  for (const logger of made.splice(0)) await logger.shutdown({ timeoutMillis: 50 })
})

/** A logger without a journal that keeps its problems for the test, and is shut down after it. */
export function makeLogger(options: AuditLoggerOptions): { logger: AuditLogger; problems: AuditProblem[] } {
  const problems: AuditProblem[] = []
  const logger = createAuditLogger({ journal: false, onProblem: (problem) => problems.push(problem), ...options })
  made.push(logger)
  return { logger, problems }
}

/** The AuditError that `work` rejects with. */
export async function rejection(work: Promise<unknown>): Promise<AuditError> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in outcome && isAuditError(outcome.error)) return outcome.error
  throw new Error(`expected an AuditError, got ${JSON.stringify(outcome)}`)
}
