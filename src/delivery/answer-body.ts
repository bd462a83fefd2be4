import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import zlib from 'node:zlib'

/** No OTLP answer is larger; a larger one, or one that decodes to more, counts as unreadable. 64 KiB. */
export const maxAnswerBytes = 65_536

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
  readonly bodyComplete: boolean
}

/** Reads an answer to its end or to the limit, whichever comes first; calls back once. */
export function collectAnswer(response: IncomingMessage, done: (answer: Answer) => void): void {
  const chunks: Uint8Array[] = []
  let size = 0
  let finished = false
  const finish = (complete: boolean): void => {
    if (finished) return
    finished = true
    const raw = Buffer.concat(chunks).subarray(0, maxAnswerBytes)
    const decoded = complete ? decode(raw, response.headers['content-encoding']) : undefined
    const { headers, statusCode: status = 0 } = response
    done({ status, headers, body: decoded ?? raw, bodyComplete: decoded !== undefined })
  }
  response.on('data', (chunk: Uint8Array) => {
    chunks.push(chunk)
    size += chunk.byteLength
    if (size <= maxAnswerBytes) return
    finish(false)
    response.destroy()
  })
  response.on('end', () => finish(response.complete))
  response.on('error', () => finish(false))
  response.on('close', () => finish(false))
}

function decode(raw: Uint8Array, encoding: string | undefined): Uint8Array | undefined {
  if (raw.byteLength === 0) return raw
  try {
    switch (encoding?.trim().toLowerCase() ?? 'identity') {
      case 'identity':
        return raw
      case 'gzip':
      case 'x-gzip':
        return zlib.gunzipSync(raw, { maxOutputLength: maxAnswerBytes })
      case 'deflate':
        return zlib.inflateSync(raw, { maxOutputLength: maxAnswerBytes })
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}
