import { constants } from 'node:os'
import type { ReportProblem } from './errors.ts'
import { describe } from './telemetry/describe-cause.ts'

const graceMillis = 100

/**
 * Shuts down at a signal and raises it again, so that the process ends as the signal says. Raised again only when no
 * other listener is left: one that is there has had the signal already, and ends the process in its own way.
 *
 * Returns the undo.
 */
export function onSignals(
  signals: readonly NodeJS.Signals[],
  shutdown: () => Promise<unknown>,
  report: ReportProblem,
): () => void {
  const remove = (): void => {
    for (const signal of signals) process.off(signal, listener)
  }
  const listener = (signal: NodeJS.Signals): void => {
    // The listener stays until the end, so that a second signal does not cut the shutdown short.
    shutdown()
      .catch((cause: unknown) =>
        report({ code: 'disk_error', message: `Shutdown at ${signal} failed: ${describe(cause)}`, cause }),
      )
      .finally(() => {
        remove()
        if (process.listenerCount(signal) > 0) return
        process.kill(process.pid, signal)
        // The kernel ignores it for process 1 of a container, which would live on and refuse every record.
        setTimeout(() => process.exit(128 + constants.signals[signal]), graceMillis)
      })
  }
  for (const signal of signals) process.on(signal, listener)
  return remove
}
