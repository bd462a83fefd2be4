import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import zlib from 'node:zlib'
import { answerAs } from './hostile-collector-answer.ts'
import { Collected, type CollectedSummary } from './hostile-collector-records.ts'
import type { CollectedRecord, HostileBehaviour } from './hostile-collector-behaviour.ts'

export interface HostileCollectorOptions {
  /** Default: any free one. */
  readonly port?: number
  readonly host?: string
  /** The behaviour to begin with; default `good`. */
  readonly behaviour?: HostileBehaviour
  /** Keeps each accepted record for `find`; default true. Turn it off for very many. */
  readonly keepRecords?: boolean
  /** Keeps the decoded text of each request; default false. */
  readonly keepRequests?: boolean
  /** Called for each record that is accepted, also when it was before. */
  readonly onAccepted?: (record: CollectedRecord) => void
}

/** For how long a behaviour lasts; without any, until the next `behave`. Then the collector is good. */
export interface BehaviourLimits {
  readonly requests?: number
  readonly millis?: number
}

export interface HostileCollector {
  /** Ends in `/v1/logs`. */
  readonly url: string
  readonly port: number
  behave(behaviour: HostileBehaviour, limits?: BehaviourLimits): void
  /** Counts of what was accepted so far. */
  received(): CollectedSummary
  streams(): string[]
  /** Accepted numbers of a stream in the order of their first arrival. */
  numbers(stream: string): number[]
  /** Ids of the accepted records, one for each (stream, number). */
  recordIds(): string[]
  /** The first accepted record like that. */
  find(predicate: (record: CollectedRecord) => boolean): CollectedRecord | undefined
  /** Request headers and, with `keepRequests`, bodies, in order of arrival. */
  readonly requests: readonly {
    readonly headers: http.IncomingHttpHeaders
    readonly at: number
    readonly body?: string
  }[]
  /** Resolves once the condition holds. @throws Error after `timeoutMillis` (default 10,000), with what was received */
  until(condition: (summary: CollectedSummary) => boolean, timeoutMillis?: number): Promise<void>
  /** Ends every connection. */
  close(): Promise<void>
}

/**
 * A real OTLP/HTTP JSON receiver that misbehaves on command: the far end of tests of delivery. It takes what is posted
 * to any path that ends in `/v1/logs` or `/v1/audit`, gzip or plain, and counts what it accepted.
 */
export async function startHostileCollector(options: HostileCollectorOptions = {}): Promise<HostileCollector> {
  const collector = new Collector(options)
  await collector.listen(options.port ?? 0, options.host ?? '127.0.0.1')
  return collector
}

class Collector implements HostileCollector {
  readonly requests: { headers: http.IncomingHttpHeaders; at: number; body?: string }[] = []
  readonly #options: HostileCollectorOptions
  readonly #collected: Collected
  readonly #server: http.Server
  readonly #sockets = new Set<Socket>()
  #behaviour: HostileBehaviour
  #requestsLeft = Number.POSITIVE_INFINITY
  #until = Number.POSITIVE_INFINITY
  #open = 0
  #newestMillis = 0

  constructor(options: HostileCollectorOptions) {
    this.#options = options
    this.#behaviour = options.behaviour ?? { kind: 'good' }
    this.#collected = new Collected(options.keepRecords ?? true)
    this.#server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) =>
      this.#serve(request, response),
    )
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1/logs`
  }

  async listen(port: number, host: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen(port, host, resolve)
    await promise
  }

  behave(behaviour: HostileBehaviour, limits: BehaviourLimits = {}): void {
    this.#behaviour = behaviour
    this.#requestsLeft = limits.requests ?? Number.POSITIVE_INFINITY
    this.#until = limits.millis === undefined ? Number.POSITIVE_INFINITY : Date.now() + limits.millis
  }

  received(): CollectedSummary {
    return this.#collected.summary()
  }

  streams(): string[] {
    return this.#collected.streams()
  }

  numbers(stream: string): number[] {
    return this.#collected.numbers(stream)
  }

  recordIds(): string[] {
    return this.#collected.recordIds()
  }

  find(predicate: (record: CollectedRecord) => boolean): CollectedRecord | undefined {
    return this.#collected.find(predicate)
  }

  async until(condition: (summary: CollectedSummary) => boolean, timeoutMillis = 10_000): Promise<void> {
    const deadline = Date.now() + timeoutMillis
    while (!condition(this.received())) {
      if (Date.now() > deadline) {
        throw new Error(`Not within ${timeoutMillis} ms; received: ${JSON.stringify(this.received())}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #current(): HostileBehaviour {
    if (this.#requestsLeft <= 0 || Date.now() > this.#until) return { kind: 'good' }
    this.#requestsLeft--
    return this.#behaviour
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#collected.requests++
    if (this.#open > 0) this.#collected.overlaps++
    this.#open++
    response.on('close', () => this.#open--)
    response.on('error', () => undefined)
    const entry: { headers: http.IncomingHttpHeaders; at: number; body?: string } = {
      headers: request.headers,
      at: Date.now(),
    }
    this.requests.push(entry)
    const behaviour = this.#current()
    if (behaviour.kind === 'reset' && behaviour.keeps !== true) return resetWithin(request, behaviour.afterBytes)
    const chunks: Uint8Array[] = []
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      if (!/\/v1\/(logs|audit)$/.test(new URL(request.url ?? '', 'http://collector').pathname)) {
        response.writeHead(404).end()
        return
      }
      const body = decoded(Buffer.concat(chunks), request.headers['content-encoding'])
      if (this.#options.keepRequests === true && body !== undefined) entry.body = body
      const records = body === undefined ? undefined : recordsOf(body)
      if (body === undefined || records === undefined) {
        response.writeHead(400).end('{"message":"not an OTLP/JSON logs request"}')
        return
      }
      this.#answer(behaviour, records, Buffer.byteLength(body), response)
    })
  }

  #answer(behaviour: HostileBehaviour, records: CollectedRecord[], bytes: number, response: ServerResponse): void {
    const isLate = this.#lateness(behaviour, records)
    const { accepted, answer } = answerAs(behaviour, records, bytes, isLate)
    for (const record of accepted) {
      this.#newestMillis = Math.max(this.#newestMillis, millisOf(record))
      this.#collected.add(record)
      this.#options.onAccepted?.(record)
    }
    answer(response)
  }

  // Loki judges each line of a request after those before it.
  #lateness(behaviour: HostileBehaviour, records: CollectedRecord[]): boolean {
    if (behaviour.kind !== 'window') return false
    let newest = this.#newestMillis
    for (const record of records) {
      const millis = millisOf(record)
      if (millis < newest - (behaviour.millis ?? 3_600_000)) return true
      newest = Math.max(newest, millis)
    }
    return false
  }
}

function resetWithin(request: IncomingMessage, afterBytes?: number): void {
  const announced = Number(request.headers['content-length'] ?? 2)
  const limit = afterBytes ?? announced / 2
  let seen = 0
  request.on('error', () => undefined)
  request.on('data', (chunk: Uint8Array) => {
    seen += chunk.byteLength
    if (seen >= limit) request.socket.resetAndDestroy()
  })
}

function decoded(body: Uint8Array, encoding: string | undefined): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(encoding === 'gzip' ? zlib.gunzipSync(body) : body)
  } catch {
    return undefined
  }
}

interface Request {
  readonly resourceLogs?: readonly { readonly scopeLogs?: readonly { readonly logRecords?: CollectedRecord[] }[] }[]
}

function recordsOf(body: string): CollectedRecord[] | undefined {
  try {
    const request = JSON.parse(body) as Request
    return (request.resourceLogs ?? []).flatMap((resource) =>
      (resource.scopeLogs ?? []).flatMap((scope) => scope.logRecords ?? []),
    )
  } catch {
    return undefined
  }
}

function millisOf(record: CollectedRecord): number {
  return Number(BigInt(record.timeUnixNano ?? 0) / 1_000_000n)
}
