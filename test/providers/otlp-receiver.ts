import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { OtlpLogRecord, OtlpLogs } from '../../src/otlp/otlp-log-record.ts'

export interface OtlpReceiver {
  readonly url: string
  readonly requests: OtlpLogs[]
  records(): OtlpLogRecord[]
  /** What is answered from now on. */
  answer: { status: number; body: string } | 'silence'
  close(): Promise<void>
}

/** A real HTTP server that takes OTLP/JSON logs and decodes what arrives. */
export async function startReceiver(): Promise<OtlpReceiver> {
  const requests: OtlpLogs[] = []
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      requests.push(JSON.parse(body.toString('utf8')) as OtlpLogs)
      if (receiver.answer === 'silence') return
      response.writeHead(receiver.answer.status, { 'content-type': 'application/json' }).end(receiver.answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`,
    requests,
    records: () =>
      requests.flatMap(({ resourceLogs }) =>
        resourceLogs.flatMap(({ scopeLogs }) => (scopeLogs ?? []).flatMap(({ logRecords }) => logRecords ?? [])),
      ),
    answer: { status: 200, body: '{}' },
    close: () => closed(server),
  }
  return receiver
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
