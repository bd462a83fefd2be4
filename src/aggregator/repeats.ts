import { AuditError, type AuditErrorCode } from '../errors.ts'
import type { AuditBackendResult, AuditReceipt } from './audit-logger.ts'

/** One record id that a caller gave, and what became of its first attempt. */
export class RepeatEntry {
  readonly hash: string
  readonly #forget: () => void
  /** With the failed backends left out: an error holds on to the frames it was made in, and so to the whole call. */
  #receipt: AuditReceipt | undefined
  #failed: Readonly<Record<string, AuditErrorCode>> | undefined
  #waiting: { resolve: (receipt: AuditReceipt) => void; reject: (error: AuditError) => void }[] | undefined = []

  constructor(hash: string, forget: () => void) {
    this.hash = hash
    this.#forget = forget
  }

  /** The first attempt's receipt, now or when it comes. A failed first attempt fails those who wait for it. */
  share(resolve: (receipt: AuditReceipt) => void, reject: (error: AuditError) => void): void {
    if (this.#receipt !== undefined) resolve(this.#again(this.#receipt))
    else this.#waiting?.push({ resolve, reject })
  }

  succeed(receipt: AuditReceipt): void {
    this.#remember(receipt)
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    // A row of a transaction may yet be rolled back: the retry that follows must be written again.
    if (receipt.durability === 'transaction') this.#forget()
    for (const { resolve } of waiting) resolve({ ...receipt, repeated: true })
  }

  #remember(receipt: AuditReceipt): void {
    this.#receipt = receipt
    this.#failed = undefined
    const results = Object.entries(receipt.backends)
    if (results.every(([, { ok }]) => ok)) return
    const confirmed: Record<string, AuditBackendResult> = {}
    const failed: Record<string, AuditErrorCode> = {}
    for (const [name, result] of results) {
      if (result.ok) confirmed[name] = result
      else failed[name] = result.error.code
    }
    this.#receipt = { ...receipt, backends: confirmed }
    this.#failed = failed
  }

  #again(receipt: AuditReceipt): AuditReceipt {
    const backends: Record<string, AuditBackendResult> = { ...receipt.backends }
    for (const [name, code] of Object.entries(this.#failed ?? {})) {
      const message = `Audit backend "${name}" did not confirm record ${receipt.recordId} at the first call`
      backends[name] = { ok: false, error: new AuditError(code, message) }
    }
    return { ...receipt, backends, repeated: true }
  }

  fail(error: AuditError): void {
    this.#forget()
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const { reject } of waiting) reject(error)
  }
}

/**
 * The last record ids that callers gave, so that a retry of the same event is not written again. Ids that the logger
 * made itself are random and never stand here.
 */
export class Repeats {
  readonly #entries = new Map<string, RepeatEntry>()
  readonly #limit: number

  constructor(limit = 65_536) {
    this.#limit = limit
  }

  /**
   * The entry of an earlier attempt, or `undefined` for a first one.
   *
   * @throws AuditError `record_id_conflict` when the id stood on another event
   */
  find(recordId: string, hash: string): RepeatEntry | undefined {
    const entry = this.#entries.get(recordId)
    if (entry === undefined || entry.hash === hash) return entry
    throw new AuditError(
      'record_id_conflict',
      `Record id ${recordId} was already used for an event with other content; ` +
        'give each event its own id, and the same id only to retries of the very same event',
    )
  }

  begin(recordId: string, hash: string): RepeatEntry {
    const entry = new RepeatEntry(hash, () => {
      if (this.#entries.get(recordId) === entry) this.#entries.delete(recordId)
    })
    this.#entries.set(recordId, entry)
    if (this.#entries.size > this.#limit) {
      const oldest = this.#entries.keys().next()
      if (oldest.done !== true) this.#entries.delete(oldest.value)
    }
    return entry
  }
}
