import type { AuditProblem, AuditProblemCode, ReportProblem } from '../errors.ts'

export type OnProblem = (problem: AuditProblem) => void

export interface ProblemReporterSettings {
  /** Default: `process.emitWarning(message, { type: 'AuditWarning', code })`. */
  readonly onProblem?: OnProblem
  /** How long reports of one code are gathered after the first, in milliseconds; default 30,000. */
  readonly windowMillis?: number
}

export interface ProblemReporter {
  readonly report: ReportProblem
  /** Hands over what is still gathered; for shutdown. */
  flush(): void
}

interface Gathered {
  timer: NodeJS.Timeout
  suppressed: number
  last: Omit<AuditProblem, 'count'> | undefined
}

/**
 * Reports problems, the first of a code at once and then one per code and window, with the count of those it stands
 * for. A listener that throws is contained: an audit trail never breaks the service over its own report.
 */
export function createProblemReporter(settings: ProblemReporterSettings = {}): ProblemReporter {
  const onProblem: (problem: AuditProblem) => unknown = settings.onProblem ?? warnProcess
  const windowMillis = settings.windowMillis ?? 30_000
  const gathered = new Map<AuditProblemCode, Gathered>()

  const deliver = (problem: Omit<AuditProblem, 'count'>, count: number): void => {
    try {
      const done = onProblem({ ...problem, count })
      if (done instanceof Promise) done.catch(() => undefined)
    } catch {
      // Contained: there is nobody left to tell.
    }
  }

  const open = (code: AuditProblemCode): Gathered => ({
    timer: setTimeout(() => close(code), windowMillis).unref(),
    suppressed: 0,
    last: undefined,
  })

  const close = (code: AuditProblemCode): void => {
    const entry = gathered.get(code)
    gathered.delete(code)
    if (entry?.last === undefined) return
    gathered.set(code, open(code))
    deliver(entry.last, entry.suppressed)
  }

  return {
    report(problem) {
      const entry = gathered.get(problem.code)
      if (entry === undefined) {
        gathered.set(problem.code, open(problem.code))
        deliver(problem, 1)
      } else {
        entry.suppressed++
        entry.last = problem
      }
    },
    flush() {
      const entries = [...gathered.values()]
      gathered.clear()
      for (const entry of entries) {
        clearTimeout(entry.timer)
        if (entry.last !== undefined) deliver(entry.last, entry.suppressed)
      }
    },
  }
}

function warnProcess(problem: AuditProblem): void {
  const times = problem.count > 1 ? ` (${problem.count} times)` : ''
  process.emitWarning(`${problem.message}${times}`, { type: 'AuditWarning', code: problem.code })
}
