/* The far end, in a process of its own: takes OTLP/HTTP, JSON or protobuf, and counts records. Sends its counts on request. */
import http from 'node:http'

// Both encodings carry this key once in each record, as plain bytes.
const mark = Buffer.from('audit.record.id')
const json = Buffer.from('{}')
let records = 0
let bytes = 0

const server = http.createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) records++
    bytes += body.length
    const isJson = request.headers['content-type'] === 'application/json'
    response.writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/json' })
    response.end(isJson ? json : undefined)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 })
})
process.on('message', () => process.send?.({ records, bytes }))
process.on('disconnect', () => process.exit(0))
