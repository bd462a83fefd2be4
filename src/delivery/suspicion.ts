import type { JournalSource } from '../journal/journal-source.ts'
import type { Accepted } from './accepted.ts'
import type { Batch, Work } from './bisect.ts'
import { requestBody } from './bodies.ts'
import { lastRecordOf, OtherRecords, type OtherRecord } from './others.ts'
import type { Failure, Verdict } from './verdict.ts'

/** What to do with a single record that was refused. */
export type Ruling =
  /** It alone is refused: set it aside. */
  | { readonly kind: 'guilty' }
  /** Something else was accepted: send it once more. */
  | { readonly kind: 'again' }
  /** Whatever was tried is refused. */
  | { readonly kind: 'all_refused' }
  /** There is nothing to compare it with. */
  | { readonly kind: 'alone' }
  | Failure

interface Suspect {
  readonly batch: Batch
  /** What was accepted after it was refused alone, from weak to strong. */
  evidence: 'nothing' | 'endpoint_answers' | 'known_record' | 'new_record'
  rounds: number
}

export interface SuspicionTools {
  readonly source: JournalSource
  readonly accepted: Accepted
  readonly random: () => number
  readonly post: (body: Uint8Array) => Promise<Verdict>
  /** A comparison was accepted. */
  readonly onAccepted: (body: Uint8Array, other: OtherRecord) => void
}

const emptyRequest = Buffer.from('{"resourceLogs":[]}')
/** Comparisons in the first attempt, doubled in each later one; when all are refused, delivery pauses in between. */
const fewComparisons = 4
const mostComparisons = 32
/** Several of the journal's longest lines. */
const comparedBytes = 4_194_304

/**
 * Tells a poison record from an endpoint that refuses everything: such an endpoint sets nothing aside.
 *
 * A record is set aside only after three steps in this order: it is refused alone; another undelivered record is
 * accepted; it is refused alone again. Comparisons are the records that follow it, one by one, so that order is kept;
 * those of the next stream when none follow. They begin only once an empty request (or, where the server does not take
 * that, the last accepted record again) was accepted and the suspect refused after it, so that an endpoint that just
 * recovered gets the suspect first. If no other undelivered record exists, the last accepted record sent again is
 * itself the evidence, and just for one record until a new one is accepted: a receiver may wave known records through.
 */
export class Suspicion {
  readonly #tools: SuspicionTools
  /** Comparisons that were refused before another one was accepted: their first two steps are done. */
  readonly #compared = new Set<string>()
  #suspect: Suspect | undefined
  #lastAccepted: Uint8Array | undefined
  #knownRecordCounts = false

  constructor(tools: SuspicionTools) {
    this.#tools = tools
  }

  /** New records were accepted; `body` is theirs. */
  accepted(body: Uint8Array): void {
    this.#lastAccepted = body
    this.#knownRecordCounts = true
  }

  /** The endpoint failed in another way: what it accepted before the suspect's next refusal says no more. */
  forgetEvidence(): void {
    if (this.#suspect !== undefined) this.#suspect.evidence = 'nothing'
  }

  /** `batch` is a single record that was just refused, the head of `work`. */
  async judge(work: Work, batch: Batch): Promise<Ruling> {
    if (this.#suspect?.batch !== batch) this.#suspect = { batch, evidence: 'nothing', rounds: 0 }
    const suspect = this.#suspect
    const compared = this.#compared.delete(key(work.stream.id, batch.first))
    switch (compared ? 'new_record' : suspect.evidence) {
      case 'nothing':
        return this.#askEndpoint(suspect, work)
      case 'endpoint_answers':
        return this.#compare(suspect, this.#others(suspect, work))
      case 'known_record':
        this.#knownRecordCounts = false
        return { kind: 'guilty' }
      case 'new_record':
        return { kind: 'guilty' }
    }
  }

  #others(suspect: Suspect, work: Work): OtherRecords {
    work.keep()
    const { source, accepted } = this.#tools
    const { first, byteLength } = suspect.batch
    return OtherRecords.after(source, work.stream, first, { maxBytes: 2 * byteLength + comparedBytes, accepted })
  }

  async #askEndpoint(suspect: Suspect, work: Work): Promise<Ruling> {
    suspect.rounds++
    const empty = await this.#tools.post(emptyRequest)
    if (empty.kind === 'delivered') return again(suspect, 'endpoint_answers')
    // Any other answer says little: some servers fail on an empty request.
    if (this.#lastAccepted !== undefined) return this.#askAgain(suspect, 'endpoint_answers', this.#lastAccepted)
    if (isFailure(empty) && suspect.rounds === 1) return empty
    // Nothing but undelivered records can tell, and they should not go ahead of their turn: few at first, and none before a pause.
    const others = this.#others(suspect, work)
    if (others.total === 0) return { kind: 'alone' }
    return this.#compare(suspect, others, suspect.rounds - 1)
  }

  async #compare(suspect: Suspect, others: OtherRecords, allowed = mostComparisons): Promise<Ruling> {
    suspect.evidence = 'nothing'
    if (others.total === 0) {
      const known = this.#knownRecordCounts ? this.#lastAccepted : undefined
      return known === undefined ? { kind: 'alone' } : this.#askAgain(suspect, 'known_record', known)
    }
    const refused: OtherRecord[] = []
    for (const place of this.#places(suspect, others.total, allowed)) {
      const other = others.at(place)
      if (other === undefined) continue
      const body = requestBody([other.piece])
      const verdict = await this.#tools.post(body)
      if (isFailure(verdict)) return verdict
      if (verdict.kind !== 'delivered') {
        refused.push(other)
        continue
      }
      this.#tools.onAccepted(body, other)
      for (const { stream, number } of refused) this.#compared.add(key(stream, number))
      return again(suspect, 'new_record')
    }
    return { kind: 'all_refused' }
  }

  async #askAgain(suspect: Suspect, evidence: Suspect['evidence'], accepted: Uint8Array): Promise<Ruling> {
    const verdict = await this.#tools.post(lastRecordOf(accepted))
    if (isFailure(verdict)) return verdict
    return verdict.kind === 'rejected' ? { kind: 'all_refused' } : again(suspect, evidence)
  }

  /** The nearest; in later attempts more of them, and one by chance that may lie behind them all. */
  #places(suspect: Suspect, total: number, allowed: number): number[] {
    const most = Math.min(allowed, fewComparisons * 2 ** (suspect.rounds - 1), mostComparisons)
    const places = Array.from({ length: Math.min(most, total) }, (_, place) => place)
    const more = total > most && most === mostComparisons
    return more ? [...places, Math.floor(this.#tools.random() * total)] : places
  }
}

function again(suspect: Suspect, evidence: Suspect['evidence']): Ruling {
  suspect.evidence = evidence
  return { kind: 'again' }
}

function isFailure(verdict: Verdict): verdict is Failure {
  return verdict.kind === 'retry' || verdict.kind === 'endpoint'
}

function key(stream: string, number: number): string {
  return `${stream}/${number}`
}
