import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface FakeLoki {
  readonly endpoint: string
  readonly port: number
  /** Bodies in the order of arrival; protobuf keeps strings readable. */
  readonly bodies: readonly string[]
  /** The next answers' status codes; 200 when there are no more. Only accepted bodies are kept. */
  readonly answers: number[]
  close(): Promise<void>
}

/** Something that answers like an OTLP backend; on a given port it plays one that has come back. */
export async function fakeLoki(port = 0): Promise<FakeLoki> {
  const bodies: string[] = []
  const answers: number[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const status = answers.shift() ?? 200
      if (status === 200) {
        bodies.push((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('latin1'))
      }
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end()
    })
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  return {
    endpoint: `http://127.0.0.1:${String(bound)}/otlp`,
    port: bound,
    bodies,
    answers,
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}
