import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api'
import { collectAnswer } from './answer-body.ts'
import type { CollectorHeaders, CollectorSettings } from './collector-settings.ts'

/** What became of one request. No redirect is followed. */
export type TransportResult =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: IncomingHttpHeaders
      /** Decoded, at most 64 KiB. */
      readonly body: Uint8Array
      /** False when the body was cut, too long, or could not be decoded. */
      readonly bodyComplete: boolean
    }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'timeout' }

export interface Transport {
  /** Posts one OTLP/JSON body. Never rejects; always settles within the time limit. One at a time. */
  send(body: Uint8Array): Promise<TransportResult>
  /** Ends the request in flight as `failed` and closes every socket. */
  close(): void
}

// Shared with @opentelemetry/core by its name: instrumentation leaves requests alone that run under this key.
const suppressTracing = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')
const gzip = promisify(zlib.gzip)
const ownHeaders = new Set(['content-type', 'content-length', 'content-encoding', 'transfer-encoding', 'connection'])
const staleSocketCodes = new Set(['ECONNRESET', 'EPIPE'])

/**
 * OTLP/HTTP over `node:http(s)`: one kept-alive socket (TCP_NODELAY is an agent's default), a total time limit for each request, answers read to a hard
 * limit. Nothing is opened before the first `send`, and no socket keeps the process alive.
 */
export function createTransport(settings: CollectorSettings, userAgent: string): Transport {
  return new HttpTransport(settings, userAgent)
}

class HttpTransport implements Transport {
  readonly #settings: CollectorSettings
  readonly #userAgent: string
  readonly #url: URL
  #agent: http.Agent | undefined
  #abort: ((error: Error) => void) | undefined

  constructor(settings: CollectorSettings, userAgent: string) {
    this.#settings = settings
    this.#userAgent = userAgent
    this.#url = new URL(settings.url)
  }

  send(body: Uint8Array): Promise<TransportResult> {
    return context.with(ROOT_CONTEXT.setValue(suppressTracing, true), () => this.#send(body))
  }

  close(): void {
    this.#abort?.(new Error('The request was given up because delivery stopped'))
    this.#agent?.destroy()
    this.#agent = undefined
  }

  #send(body: Uint8Array): Promise<TransportResult> {
    return new Promise((resolve) => {
      let request: ClientRequest | undefined
      let settled = false
      const settle = (result: TransportResult): void => {
        if (settled) return
        settled = true
        clearTimeout(timer)
        this.#abort = undefined
        // Anything but a complete exchange leaves the socket in an unknown state.
        if (result.kind !== 'answer' || !result.bodyComplete || request?.writableFinished !== true) request?.destroy()
        resolve(result)
      }
      const timer = setTimeout(() => settle({ kind: 'timeout' }), this.#settings.timeoutMillis)
      timer.unref()
      this.#abort = (error) => settle({ kind: 'failed', error })
      const fail = (error: unknown): void => settle({ kind: 'failed', error: asError(error) })

      const attempt = (payload: Uint8Array, headers: Record<string, string>, again: boolean): void => {
        if (settled) return
        const current = this.#request(headers)
        request = current
        let over = false
        current.on('socket', neverHold)
        current.on('response', (response: IncomingMessage) => {
          over = true
          collectAnswer(response, (answer) => settle({ kind: 'answer', ...answer }))
        })
        current.on('error', (error: NodeJS.ErrnoException) => {
          if (over) return
          over = true
          // The server closed an idle connection just as we used it: nothing was wrong, so no back-off.
          if (again && current.reusedSocket && staleSocketCodes.has(error.code ?? '')) attempt(payload, headers, false)
          else fail(error)
        })
        current.on('close', () => {
          if (!over) fail(new Error(`${this.#url.host} closed the connection without an answer`))
        })
        current.end(payload)
      }

      this.#prepare(body)
        .then(({ payload, headers }) => attempt(payload, headers, true))
        .catch(fail)
    })
  }

  async #prepare(body: Uint8Array): Promise<{ payload: Uint8Array; headers: Record<string, string> }> {
    const { headers: given, compression } = this.#settings
    const headers: Record<string, string> = { 'user-agent': this.#userAgent }
    for (const [name, value] of Object.entries(await resolveHeaders(given))) {
      const key = name.toLowerCase()
      if (!ownHeaders.has(key)) headers[key] = value
    }
    headers['content-type'] = 'application/json'
    if (compression === 'none') return { payload: body, headers: withLength(headers, body) }
    const payload = await gzip(body, { level: zlib.constants.Z_BEST_SPEED })
    return { payload, headers: withLength({ ...headers, 'content-encoding': 'gzip' }, payload) }
  }

  #request(headers: Record<string, string>): ClientRequest {
    const secure = this.#url.protocol === 'https:'
    this.#agent ??= secure
      ? new https.Agent({ keepAlive: true, maxSockets: 1, minVersion: 'TLSv1.2', ...this.#settings.tls })
      : new http.Agent({ keepAlive: true, maxSockets: 1 })
    return (secure ? https : http).request(this.#url, { method: 'POST', headers, agent: this.#agent })
  }
}

async function resolveHeaders(headers: CollectorHeaders): Promise<Readonly<Record<string, string>>> {
  return typeof headers === 'function' ? await headers() : headers
}

function withLength(headers: Record<string, string>, payload: Uint8Array): Record<string, string> {
  return { ...headers, 'content-length': String(payload.byteLength) }
}

// A socket that tries several addresses makes a new handle for each, so it is let go again at every attempt.
function neverHold(socket: Socket): void {
  socket.unref()
  if (!socket.connecting) return
  const unref = (): void => void socket.unref()
  socket.on('connectionAttempt', unref)
  socket.once('connect', unref)
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
