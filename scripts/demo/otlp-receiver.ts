import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export type Received = (path: '/v1/logs' | '/v1/traces', request: unknown) => void

export interface OtlpReceiver {
  readonly url: string
  /** While away it answers 503 to logs. */
  away: boolean
  close(): Promise<void>
}

/**
 * A small OTLP/HTTP receiver, JSON only: the far end of the demo when there is no Collector. Like a Collector's file
 * exporter it keeps each logs request as one line of `file`, before it answers.
 */
export async function startOtlpReceiver(file: string, received: Received): Promise<OtlpReceiver> {
  const receiver = {
    url: '',
    away: false,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  const server = createServer((request, response) => {
    void body(request).then(
      (text) => {
        const path = request.url
        if (request.method !== 'POST') return response.writeHead(405).end()
        if (path !== '/v1/logs' && path !== '/v1/traces' && path !== '/v1/metrics') return response.writeHead(404).end()
        if (receiver.away && path === '/v1/logs') return response.writeHead(503).end()
        if (request.headers['content-type']?.startsWith('application/json') !== true)
          return response.writeHead(415).end()
        try {
          const message: unknown = JSON.parse(text)
          if (path === '/v1/logs') appendFileSync(file, `${text}\n`)
          if (path !== '/v1/metrics') received(path, message)
        } catch {
          return response.writeHead(400).end()
        }
        return response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      },
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  receiver.url = `http://127.0.0.1:${port}`
  return receiver
}

async function body(request: IncomingMessage): Promise<string> {
  const bytes = Buffer.concat(await request.toArray())
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8')
}
