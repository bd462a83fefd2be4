import { diag } from '@opentelemetry/api'
import { isAuditError, type ReportProblem } from '../errors.ts'
import type { SetAsideEntry } from '../journal/journal-source.ts'
import type { StatusBoard } from './delivery-status.ts'

/** What delivery tells the operator, and writes on its status board. */
export class DeliveryReports {
  readonly #collector: string
  readonly #onProblem: ReportProblem
  readonly #board: StatusBoard

  constructor(url: string, onProblem: ReportProblem, board: StatusBoard) {
    this.#collector = `The collector at ${new URL(url).host}`
    this.#onProblem = onProblem
    this.#board = board
  }

  /** One failed attempt; nobody has to act. */
  retrying(reason: string): void {
    this.#board.lastError = reason
    diag.warn(`otel-audit: ${this.#collector} did not take a request, it is sent again: ${reason}`)
  }

  /** Somebody has to look. Reported once per outage. */
  failing(what: string, reason: string): void {
    this.#board.lastError = reason
    if (this.#board.failing) return
    this.#board.failing = true
    const message = `${this.#collector} ${what}. The records stay in the journal and are tried again`
    this.#onProblem({ code: 'collector_failing', message, backend: 'journal' })
  }

  setAside(entry: SetAsideEntry, reason: string): void {
    const { recordId, number, stream } = entry
    const what = `refused record ${recordId} (number ${number} of stream ${stream}): ${reason}`
    const message = `${this.#collector} ${what}. It is kept; see "otel-audit set-aside list"`
    this.#onProblem({ code: 'set_aside', message, backend: 'journal', recordId })
  }

  journalFault(what: string, cause: unknown): void {
    const code = isAuditError(cause) ? cause.code : 'disk_error'
    const detail = cause instanceof Error ? cause.message : String(cause)
    this.#board.lastError = detail
    this.#onProblem({ code, message: `${what}: ${detail}`, backend: 'journal', cause })
  }
}
