import { retryAfterMillis } from './retry-after.ts'
import { withoutSecrets } from '../telemetry/without-secrets.ts'
import type { TransportResult } from './transport.ts'

/** What an attempt means for the records in it (rule P9). */
export type Verdict =
  /** The server confirmed all of them. `warning`: it said something all the same. */
  | { readonly kind: 'delivered'; readonly warning?: string }
  /** Nobody's fault, or nothing can be told from it: again, later. */
  | { readonly kind: 'retry'; readonly reason: string; readonly retryAfterMillis?: number }
  /** The endpoint refuses whatever is sent: pause; no record is to blame. */
  | { readonly kind: 'endpoint'; readonly reason: string; readonly retryAfterMillis?: number }
  /** At least one of the records is not acceptable. */
  | { readonly kind: 'rejected'; readonly reason: string; readonly answer: RefusalAnswer }
  /** At least one of the records is known there already, with other content (rule W2). Final. */
  | { readonly kind: 'duplicate'; readonly reason: string; readonly answer: RefusalAnswer }

export type Refusal = Extract<Verdict, { kind: 'rejected' | 'duplicate' }>
export type Failure = Extract<Verdict, { kind: 'retry' | 'endpoint' }>

export interface RefusalAnswer {
  readonly status: number
  readonly body: string
}

/**
 * Judges one attempt. A 2xx confirms only with a complete and readable `ExportLogsServiceResponse`; an empty body
 * counts as the empty message when its end is certain (a length, chunks, or 204) and it does not call itself HTML.
 */
export function judge(result: TransportResult, now: number): Verdict {
  switch (result.kind) {
    case 'timeout':
      return { kind: 'retry', reason: 'no complete answer within the time limit' }
    case 'failed':
      return isCertificateProblem(result.error)
        ? { kind: 'endpoint', reason: describeError(result.error) }
        : { kind: 'retry', reason: describeError(result.error) }
    case 'answer':
      return judgeAnswer(result, now)
  }
}

type Answered = Extract<TransportResult, { kind: 'answer' }>

function judgeAnswer(answer: Answered, now: number): Verdict {
  const { status, headers } = answer
  const reason = `HTTP ${status}`
  const asked = retryAfterMillis(headers, now)
  const wait = asked === undefined ? {} : { retryAfterMillis: asked }
  if (status >= 200 && status < 300) {
    if (status === 202) return { kind: 'retry', reason: 'HTTP 202: taken, but not confirmed', ...wait }
    return judgeSuccess(answer, wait)
  }
  if (status === 409) return { kind: 'duplicate', reason, answer: { status, body: text(answer.body) } }
  if (status === 400 || status === 413 || status === 422) {
    return { kind: 'rejected', reason, answer: { status, body: text(answer.body) } }
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) return { kind: 'retry', reason, ...wait }
  // Redirects, credentials, addresses, media types, a proxy's refusals: the same for every record.
  return { kind: 'endpoint', reason: describeEndpointFault(status, headers.location), ...wait }
}

function judgeSuccess(answer: Answered, wait: { retryAfterMillis?: number }): Verdict {
  const { status } = answer
  const unreadable = (why: string): Verdict => ({ kind: 'retry', reason: `HTTP ${status} but ${why}`, ...wait })
  if (!answer.bodyComplete) return unreadable('the answer is cut, too long or cannot be decoded')
  if (answer.body.byteLength === 0) {
    return endIsCertain(answer) ? { kind: 'delivered' } : unreadable('the answer is empty and may be cut')
  }
  const message = parseObject(answer.body)
  if (message === undefined || saysError(message)) return unreadable('the answer is not an ExportLogsServiceResponse')
  const partial = message['partialSuccess'] ?? message['partial_success']
  if (partial === undefined || partial === null) return { kind: 'delivered' }
  if (!isObject(partial)) return unreadable('its partial_success cannot be read')
  const rejected = count(partial['rejectedLogRecords'] ?? partial['rejected_log_records'] ?? 0)
  if (rejected === undefined) return unreadable('its number of rejected records cannot be read')
  const said = partial['errorMessage'] ?? partial['error_message']
  const warning = typeof said === 'string' && said !== '' ? said : undefined
  if (rejected === 0n) return warning === undefined ? { kind: 'delivered' } : { kind: 'delivered', warning }
  const reason = `partial success, ${String(rejected)} rejected${warning === undefined ? '' : `: ${warning}`}`
  return { kind: 'rejected', reason, answer: { status, body: text(answer.body) } }
}

function endIsCertain({ status, headers }: Answered): boolean {
  if (headers['content-type']?.includes('html') === true) return false
  return status === 204 || headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** OTLP asks to ignore unknown fields, but an error in a 200's clothes (also a `google.rpc.Status`) confirms nothing. */
function saysError(message: Record<string, unknown>): boolean {
  const { error, errors, code } = message
  return Boolean(error) || Boolean(errors) || (code !== undefined && code !== 0 && code !== 200)
}

function count(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined
}

function text(body: Uint8Array): string {
  return new TextDecoder().decode(body)
}

const certificateCode = /^(CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/

function isCertificateProblem(error: Error): boolean {
  return certificateCode.test((error as NodeJS.ErrnoException).code ?? '')
}

function describeError(error: Error): string {
  // A connection tried at several addresses fails with an AggregateError, whose own message is empty.
  const all = error instanceof AggregateError ? error.errors.map((one) => (one as Error).message) : []
  const message = all.length > 0 ? all.join('; ') : error.message
  return message !== '' ? message : ((error as NodeJS.ErrnoException).code ?? error.name)
}

function describeEndpointFault(status: number, location: string | undefined): string {
  if (status >= 300 && status < 400)
    return `HTTP ${status}: a redirect${location ? ` to ${withoutSecrets(location)}` : ''}, not followed`
  const hints: Record<number, string> = {
    401: 'the credentials are missing or wrong',
    403: 'the credentials do not allow it',
    404: 'no OTLP logs receiver at this address',
    405: 'this address does not take POST',
    407: 'a proxy asks for credentials',
    415: 'this address does not take OTLP/JSON',
  }
  return hints[status] === undefined ? `HTTP ${status}` : `HTTP ${status}: ${hints[status]}`
}
