import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import zlib from 'node:zlib'
import type { CollectedRecord, HostileBehaviour } from './hostile-collector-behaviour.ts'

/** What a behaviour makes of one request. */
export interface HostileAnswer {
  readonly accepted: readonly CollectedRecord[]
  readonly answer: (response: ServerResponse) => void
}

const json = { 'content-type': 'application/json' }
const gibibyte = 1_073_741_824

/** `late`: a record of the request is outside the window (for `window`). */
export function answerAs(
  behaviour: HostileBehaviour,
  records: readonly CollectedRecord[],
  bytes: number,
  late: boolean,
): HostileAnswer {
  const kept = 'keeps' in behaviour && behaviour.keeps ? records : []
  switch (behaviour.kind) {
    case 'good':
      return good(records)
    case 'status': {
      const { status, body = '{"message":"hostile"}', headers, retryAfter } = behaviour
      const wait = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
      return {
        accepted: kept,
        answer: (response) => response.writeHead(status, { ...json, ...wait, ...headers }).end(body),
      }
    }
    case 'redirect':
      return {
        accepted: kept,
        answer: (response) => response.writeHead(behaviour.status ?? 307, { location: behaviour.location }).end(),
      }
    case 'html': {
      const page = '<!doctype html><title>Welcome</title><p>Please sign in'
      return {
        accepted: kept,
        answer: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
      }
    }
    case 'answer':
      return {
        accepted: kept,
        answer: (response) => response.writeHead(200, { ...json, ...behaviour.headers }).end(behaviour.body),
      }
    case 'cut':
      return { accepted: kept, answer: cut }
    case 'partial':
      return partial(records, (_, index) => index < behaviour.rejected, behaviour.message, behaviour.spelling)
    case 'reset':
      return { accepted: kept, answer: (response) => response.socket?.resetAndDestroy() }
    case 'silence':
      return { accepted: kept, answer: () => undefined }
    case 'trickle':
      return { accepted: kept, answer: (response) => trickle(response, behaviour.everyMillis ?? 20) }
    case 'flood':
      return {
        accepted: kept,
        answer: (response) => flood(response.writeHead(behaviour.status ?? 200, json), behaviour.bytes ?? gibibyte),
      }
    case 'gzip-bomb':
      return { accepted: kept, answer: (response) => bomb(response, behaviour.bytes ?? gibibyte) }
    case 'refuse': {
      if (!records.some(behaviour.when)) return good(records)
      if (behaviour.status === 'partial') return partial(records, behaviour.when)
      return refused(behaviour.status ?? 400, 'a record is not acceptable')
    }
    case 'window':
      return late ? refused(400, 'entry too far behind') : good(records)
    case 'limit':
      return bytes > behaviour.bytes ? refused(413, 'request too large') : good(records)
  }
}

function good(records: readonly CollectedRecord[]): HostileAnswer {
  return { accepted: records, answer: (response) => response.writeHead(200, json).end('{"partialSuccess":{}}') }
}

function refused(status: number, message: string): HostileAnswer {
  return { accepted: [], answer: (response) => response.writeHead(status, json).end(JSON.stringify({ message })) }
}

function partial(
  records: readonly CollectedRecord[],
  isRejected: (record: CollectedRecord, index: number) => boolean,
  errorMessage = 'some records are not acceptable',
  spelling: 'string' | 'number' = 'string',
): HostileAnswer {
  const accepted = records.filter((record, index) => !isRejected(record, index))
  const rejected = records.length - accepted.length
  const rejectedLogRecords = spelling === 'string' ? String(rejected) : rejected
  const body = JSON.stringify({ partialSuccess: { rejectedLogRecords, errorMessage } })
  return { accepted, answer: (response) => response.writeHead(200, json).end(body) }
}

function cut(response: ServerResponse): void {
  const body = '{"partialSuccess":{}}'
  response.writeHead(200, { ...json, 'content-length': String(body.length) })
  response.write(body.slice(0, -3), () => response.socket?.destroy())
}

function trickle(response: ServerResponse, everyMillis: number): void {
  response.writeHead(200, json)
  const timer = setInterval(() => response.write(' '), everyMillis).unref()
  response.on('close', () => clearInterval(timer))
}

/** Spaces: a JSON parser would have to read them all before it could refuse. */
function flood(response: ServerResponse, bytes: number): void {
  response.on('error', () => undefined)
  spaces(bytes).pipe(response)
}

/** Compressed as it is sent: what goes over the wire is about a thousandth. */
function bomb(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { ...json, 'content-encoding': 'gzip' })
  const gzip = zlib.createGzip({ level: 9 })
  response.on('close', () => gzip.destroy())
  gzip.on('error', () => undefined)
  spaces(bytes).pipe(gzip).pipe(response)
}

function spaces(bytes: number): Readable {
  const block = Buffer.alloc(65_536, ' ')
  let left = bytes
  return new Readable({
    read() {
      if (left <= 0) this.push(null)
      else this.push(left >= block.length ? block : block.subarray(0, left))
      left -= block.length
    },
  })
}
