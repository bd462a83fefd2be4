import { context, diag, ROOT_CONTEXT } from '@opentelemetry/api'
import type { DeliveryCursor } from '../journal/journal-source.ts'
import { Accepted } from './accepted.ts'
import { Work, type Batch } from './bisect.ts'
import { requestBody, type RecordsPiece } from './bodies.ts'
import type { DeliveryOptions } from './delivery.ts'
import { StatusBoard, type DeliveryStatus } from './delivery-status.ts'
import { DeliveryReports } from './delivery-reports.ts'
import { Nap, realTimers } from './nap.ts'
import { RequestMemory } from './request-memory.ts'
import { RequestSize } from './request-size.ts'
import { Backoff } from './retry.ts'
import { createTransport, type Transport } from './transport.ts'
import { Suspicion } from './suspicion.ts'
import { judge, type Failure, type Refusal, type Verdict } from './verdict.ts'

interface LoopEvents {
  readonly onIdle: () => void
  readonly onAdvance: (stream: string, cursor: DeliveryCursor) => void
}

const unansweredBeforeSmaller = 3

/** The loop: one request in flight at a time over all streams, oldest stream first, oldest record first. */
export class DeliveryLoop {
  readonly #options: DeliveryOptions
  readonly #events: LoopEvents
  readonly #transport: Transport
  readonly #backoff: Backoff
  readonly #size: RequestSize
  readonly #memory = new RequestMemory()
  readonly #nap: Nap
  readonly #board = new StatusBoard()
  readonly #reports: DeliveryReports
  readonly #accepted = new Accepted()
  readonly #suspicion: Suspicion
  readonly #now: () => number
  #stopping = false
  #more = true
  #unanswered = 0
  #work: Work | undefined

  constructor(options: DeliveryOptions, events: LoopEvents) {
    const { collector, version } = options
    this.#options = options
    this.#events = events
    this.#reports = new DeliveryReports(collector.url, options.onProblem, this.#board)
    this.#now = options.now ?? Date.now
    this.#transport = createTransport(collector, version === undefined ? 'otel-audit' : `otel-audit/${version}`)
    this.#backoff = new Backoff(collector, options.random ?? Math.random)
    this.#size = new RequestSize(collector.maxRequestBytes)
    this.#nap = new Nap(options.timers ?? realTimers)
    this.#suspicion = new Suspicion({
      source: options.source,
      accepted: this.#accepted,
      random: options.random ?? Math.random,
      post: (body) => this.#post(body),
      onAccepted: (body, other) => {
        this.#accepted.add(other.stream, other.number)
        this.#succeeded(body, 1)
      },
    })
  }

  /** Runs until stopped; never rejects. */
  run(): Promise<void> {
    return context.with(ROOT_CONTEXT, async () => {
      while (!this.#stopping) {
        try {
          await this.#step()
        } catch (cause) {
          this.#work = undefined
          this.#reports.journalFault('Delivery could not read or write the journal and tries again', cause)
          await this.#rest('waiting', this.#backoff.retry())
        }
      }
      this.#board.state = 'stopped'
    })
  }

  wake(): void {
    this.#more = true
    this.#nap.more()
  }

  /** Ends the wait that runs now. */
  hurry(): void {
    this.#more = true
    this.#nap.end()
  }

  /** No new request. */
  stop(): void {
    this.#stopping = true
    this.#board.state = 'stopped'
    this.#nap.end()
  }

  /** Gives up the request in flight and closes the sockets. */
  abort(): void {
    this.#transport.close()
  }

  status(): DeliveryStatus {
    return this.#board.read(this.#backoff.failures)
  }

  async #step(): Promise<void> {
    this.#work ??= this.#read()
    const work = this.#work
    work?.fit(this.#size.limit)
    const batch = work?.head
    if (work === undefined || batch === undefined) return this.#idle()
    const pieces = batch.pieces(this.#accepted.of(work.stream.id))
    if (pieces.length === 0) {
      this.#advance(work, batch)
      return
    }
    const body = this.#memory.body(pieces)
    const verdict = await this.#post(body)
    switch (verdict.kind) {
      case 'delivered':
        this.#succeeded(
          body,
          pieces.reduce((sum, piece) => sum + piece.count, 0),
        )
        this.#advance(work, batch)
        return
      case 'retry':
      case 'endpoint':
        return this.#failed(verdict)
      case 'rejected':
      case 'duplicate':
        return this.#refused(work, batch, verdict)
    }
  }

  #read(): Work | undefined {
    this.#more = false
    const stream = this.#options.source.nextStream()
    return stream === undefined ? undefined : Work.read(stream, this.#size.limit)
  }

  async #idle(): Promise<void> {
    this.#work = undefined
    this.#setState('idle')
    this.#events.onIdle()
    if (!this.#more && !this.#stopping) await this.#nap.sleep(undefined, true)
  }

  async #post(body: Uint8Array): Promise<Verdict> {
    this.#setState('sending')
    const started = performance.now()
    const result = await this.#transport.send(body)
    this.#unanswered = result.kind === 'answer' ? 0 : this.#unanswered + 1
    const verdict = judge(result, this.#now())
    this.#options.metrics.exportDuration((performance.now() - started) / 1000, verdict.kind)
    if (verdict.kind === 'delivered' && verdict.warning !== undefined) {
      diag.warn(`otel-audit: the collector accepted the records and said: ${verdict.warning}`)
    }
    return verdict
  }

  #succeeded(body: Uint8Array, records: number): void {
    this.#options.metrics.exported(records)
    this.#suspicion.accepted(body)
    this.#memory.accepted(body)
    this.#size.succeeded()
    this.#backoff.succeeded()
    this.#board.succeeded(this.#now())
  }

  /** The batch is acknowledged or set aside. */
  #advance(work: Work, batch: Batch): void {
    work.shift()
    if (work.head === undefined) this.#work = undefined
    const { cursor } = batch
    if (cursor === undefined) return
    this.#accepted.passed(work.stream.id, cursor.number)
    work.stream.advance(cursor)
    this.#events.onAdvance(work.stream.id, cursor)
  }

  async #failed(failure: Failure): Promise<void> {
    if (this.#stopping) return
    // Read anew after the wait: an older stream may have come up. A search for a refused record goes on, though, or a
    // server that fails now and then would never see it end.
    if (this.#work?.refused !== true) this.#work = undefined
    this.#suspicion.forgetEvidence()
    if (this.#unanswered >= unansweredBeforeSmaller) this.#size.shrink()
    if (failure.kind === 'endpoint') {
      this.#reports.failing(`refuses the trail (${failure.reason})`, failure.reason)
      return this.#rest('paused', this.#backoff.pause(failure.retryAfterMillis))
    }
    this.#reports.retrying(failure.reason)
    const wait = this.#backoff.retry(failure.retryAfterMillis)
    if (this.#backoff.exhausted) {
      this.#reports.failing(`has not taken the trail for a while (${failure.reason})`, failure.reason)
    }
    return this.#rest('waiting', wait)
  }

  async #refused(work: Work, batch: Batch, refusal: Refusal): Promise<void> {
    work.refused = true
    if (refusal.answer.status === 413) this.#size.tooLarge(batch.byteLength)
    if (work.split()) return
    const record = batch.single()
    if (record === undefined) return
    if (refusal.kind === 'duplicate') return this.#setAside(work, batch, record, refusal)
    const ruling = await this.#suspicion.judge(work, batch)
    switch (ruling.kind) {
      case 'guilty':
        return this.#setAside(work, batch, record, refusal)
      case 'again':
        return
      case 'retry':
      case 'endpoint':
        return this.#failed(ruling)
      case 'all_refused':
      case 'alone': {
        const others = ruling.kind === 'alone' ? 'and there is none to compare it with' : 'and whatever else was tried'
        this.#reports.failing(`refuses record ${record.recordId}, ${others} (${refusal.reason})`, refusal.reason)
        return this.#rest('paused', this.#backoff.pause(), ruling.kind === 'alone')
      }
    }
  }

  /** Keeps the record on disk, and only then lets the cursor pass it. */
  async #setAside(work: Work, batch: Batch, record: RecordsPiece, refusal: Refusal): Promise<void> {
    const { recordId, first: number } = record
    const reason = refusal.kind
    const receivedAt = new Date(this.#now()).toISOString()
    const request = new TextDecoder().decode(requestBody([record]))
    const entry = {
      stream: work.stream.id,
      number,
      recordId,
      reason,
      request,
      answer: { ...refusal.answer, receivedAt },
    }
    while (!this.#stopping) {
      try {
        this.#options.source.setAside(entry)
        break
      } catch (cause) {
        this.#reports.journalFault(`Record ${recordId} was refused and cannot be set aside; delivery waits`, cause)
        await this.#rest('waiting', this.#backoff.retry())
      }
    }
    if (this.#stopping) return
    this.#backoff.succeeded()
    this.#options.metrics.dropped(1, reason)
    if (reason === 'rejected') this.#reports.setAside(entry, refusal.reason)
    this.#advance(work, batch)
  }

  async #rest(state: 'waiting' | 'paused', millis: number, endedByMore = false): Promise<void> {
    if (this.#stopping) return
    this.#setState(state)
    this.#board.nextAttemptAt = this.#now() + millis
    await this.#nap.sleep(millis, endedByMore)
    this.#board.nextAttemptAt = undefined
  }

  #setState(state: DeliveryStatus['state']): void {
    if (!this.#stopping) this.#board.state = state
  }
}
