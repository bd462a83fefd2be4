import { AuditError } from '../errors.ts'

/**
 * The outcome of `work`, or `provider_timeout` after `timeoutMillis`. The work itself goes on; its late rejection is
 * swallowed. The timer keeps the process alive, because the caller waits and the limit bounds it.
 */
export function within<T>(work: Promise<T>, timeoutMillis: number, what: string): Promise<T> {
  if (!Number.isFinite(timeoutMillis)) return work
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(
    () => reject(new AuditError('provider_timeout', `${what} did not finish within ${timeoutMillis} ms`)),
    Math.min(timeoutMillis, 0x7fffffff),
  )
  work.then(resolve, reject).finally(() => clearTimeout(timer))
  return promise
}

/** Runs `work` so that a synchronous throw is a rejection too. */
export async function attempt<T>(work: () => T | Promise<T>): Promise<T> {
  return await work()
}

/** The outcome of `work`, or `aborted` as soon as the signal says so; the work itself goes on. */
export async function unlessAborted<T>(
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<T> {
  if (signal === undefined) return await work()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(new AuditError('aborted', `${what} was given up`, { cause: signal.reason }))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([promise, signal.aborted ? promise : work()])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
