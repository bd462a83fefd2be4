import { AuditError } from '../errors.ts'

/** The longest that a flush or shutdown of a provider may take unless told otherwise (OpenTelemetry's own default). */
export const defaultTimeLimitMillis = 30_000

/**
 * The outcome of `work`, or a `provider_timeout` after the limit. The timer does not keep the process alive.
 *
 * @throws AuditError `provider_timeout`; whatever `work` throws or rejects with
 */
export async function withinLimit<T>(work: () => T | Promise<T>, limitMillis: number, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new AuditError('provider_timeout', `${what} did not finish within ${limitMillis} ms`))
  }, limitMillis)
  timer.unref()
  try {
    return await Promise.race([work(), promise])
  } finally {
    clearTimeout(timer)
  }
}
