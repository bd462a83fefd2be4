import type { JournalSource } from '../journal/journal-source.ts'
import type { Accepted } from './accepted.ts'
import type { Batch, Work } from './bisect.ts'
import { requestBody } from './bodies.ts'
import { lastRecordOf, OtherRecords, type OtherRecord, type OthersOptions } from './others.ts'
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
/** Attempts after which a long run of refused records is compared with the next stream, though more of its own follow. */
const patientRounds = 6
/** Several of the journal's longest lines. */
const comparedBytes = 4_194_304

/**
 * Tells a poison record from an endpoint that refuses everything: such an endpoint sets nothing aside.
 *
 * A record is set aside only after three steps in this order: it is refused alone; another undelivered record is
 * accepted; it is refused alone again. Comparisons are the records that follow it, one by one, so that order is kept;
 * those of the next stream when none follow or all of them are refused too. They begin only once an empty request (or, where the server does not take
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
  /** The last record to be set aside was told by the next stream: its own one may be refused to its end. */
  #ownRefused = false

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
        return this.#compare(suspect, work, this.#others(suspect, work))
      case 'known_record':
        this.#knownRecordCounts = false
        return { kind: 'guilty' }
      case 'new_record':
        return { kind: 'guilty' }
    }
  }

  #others(suspect: Suspect, work: Work): OtherRecords {
    work.keep()
    return OtherRecords.after(this.#tools.source, work.stream, suspect.batch.first, this.#bounds(suspect))
  }

  #bounds({ batch }: Suspect): OthersOptions {
    return { maxBytes: 2 * batch.byteLength + comparedBytes, accepted: this.#tools.accepted }
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
    return this.#compare(suspect, work, others, suspect.rounds - 1)
  }

  async #compare(suspect: Suspect, work: Work, others: OtherRecords, allowed = mostComparisons): Promise<Ruling> {
    suspect.evidence = 'nothing'
    if (others.total === 0) {
      const known = this.#knownRecordCounts ? this.#lastAccepted : undefined
      return known === undefined ? { kind: 'alone' } : this.#askAgain(suspect, 'known_record', known)
    }
    const refused: OtherRecord[] = []
    const own = others.stream === work.stream.id
    for (const other of this.#chosen(suspect, others, allowed)) {
      const body = requestBody([other.piece])
      const verdict = await this.#tools.post(body)
      if (isFailure(verdict)) return verdict
      if (verdict.kind !== 'delivered') {
        refused.push(other)
        continue
      }
      this.#tools.onAccepted(body, other)
      this.#ownRefused = false
      for (const { stream, number } of refused) this.#compared.add(key(stream, number))
      return again(suspect, 'new_record')
    }
    const exhausted = refused.length === others.total || suspect.rounds >= patientRounds || this.#ownRefused
    return own && allowed > 0 && exhausted ? this.#compareWithNext(suspect, work, refused) : { kind: 'all_refused' }
  }

  /** Its own stream is refused as far as one can tell: a dead writer's rest must not hold up the living ones for ever. */
  async #compareWithNext(suspect: Suspect, work: Work, refused: readonly OtherRecord[]): Promise<Ruling> {
    const other = OtherRecords.ofNext(this.#tools.source, work.stream, this.#bounds(suspect))?.at(0)
    if (other === undefined) return { kind: 'all_refused' }
    const body = requestBody([other.piece])
    const verdict = await this.#tools.post(body)
    if (isFailure(verdict)) return verdict
    if (verdict.kind !== 'delivered') return { kind: 'all_refused' }
    this.#tools.onAccepted(body, other)
    this.#ownRefused = true
    for (const { stream, number } of refused) this.#compared.add(key(stream, number))
    return again(suspect, 'new_record')
  }

  async #askAgain(suspect: Suspect, evidence: Suspect['evidence'], accepted: Uint8Array): Promise<Ruling> {
    const verdict = await this.#tools.post(lastRecordOf(accepted))
    if (isFailure(verdict)) return verdict
    return verdict.kind === 'rejected' ? { kind: 'all_refused' } : again(suspect, evidence)
  }

  /** The nearest; in later attempts more of them, and one by chance that may lie behind them all. */
  *#chosen(suspect: Suspect, others: OtherRecords, allowed: number): Generator<OtherRecord> {
    const { total } = others
    const wanted = this.#ownRefused ? mostComparisons : fewComparisons * 2 ** (suspect.rounds - 1)
    const most = Math.min(allowed, wanted, mostComparisons)
    const places = Array.from({ length: Math.min(most, total) }, (_, place) => place)
    if (total > most && most === mostComparisons) places.push(Math.floor(this.#tools.random() * total))
    for (const place of places) {
      const other = others.at(place)
      if (other !== undefined) yield other
    }
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
