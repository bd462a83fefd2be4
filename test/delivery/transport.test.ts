import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { context, trace, type Context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { isTracingSuppressed } from '@opentelemetry/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { defaultCollectorSettings, type CollectorSettings } from '../../src/delivery/collector-settings.ts'
import { createTransport, type Transport } from '../../src/delivery/transport.ts'
import { startHostileCollector } from '../../src/testing/hostile-collector.ts'

const body = Buffer.from('{"resourceLogs":[]}')
const pem = (name: string): string => readFileSync(new URL(`./tls/${name}.pem`, import.meta.url), 'utf8')

function transportTo(url: string, settings: Partial<CollectorSettings> = {}): Transport {
  const transport = createTransport(
    { ...defaultCollectorSettings, timeoutMillis: 2_000, url, ...settings },
    'otel-audit/1',
  )
  onTestFinished(() => transport.close())
  return transport
}

async function serve(handler: http.RequestListener): Promise<{ url: string; connections: () => number }> {
  const server = http.createServer(handler)
  let connections = 0
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`
  return { url, connections: () => connections }
}

describe('the transport', () => {
  it('posts JSON with its own headers over one kept connection', async () => {
    const seen: http.IncomingHttpHeaders[] = []
    const { url, connections } = await serve((request, response) => {
      seen.push(request.headers)
      request.resume().on('end', () => response.end('{}'))
    })
    const transport = transportTo(url, { headers: { Authorization: 'Bearer one', 'Content-Type': 'text/plain' } })
    for (let n = 0; n < 5; n++) {
      expect(await transport.send(body)).toMatchObject({ kind: 'answer', status: 200, bodyComplete: true })
    }
    expect(connections()).toBe(1)
    expect(seen[0]).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(body.length),
      authorization: 'Bearer one',
      'user-agent': 'otel-audit/1',
    })
  })

  it('asks a headers function before each request, and fails the attempt when it throws, rejects, hangs or is wrong', async () => {
    const collector = await startHostileCollector()
    onTestFinished(() => collector.close())
    let token = 0
    const good = transportTo(collector.url, { headers: async () => ({ authorization: `Bearer ${++token}` }) })
    await good.send(body)
    await good.send(body)
    expect(collector.requests.map((request) => request.headers.authorization)).toEqual(['Bearer 1', 'Bearer 2'])
    const throwing = transportTo(collector.url, {
      headers: () => {
        throw new Error('no token')
      },
    })
    expect(await throwing.send(body)).toMatchObject({ kind: 'failed', error: { message: 'no token' } })
    const rejecting = transportTo(collector.url, { headers: () => Promise.reject(new Error('no token')) })
    expect(await rejecting.send(body)).toMatchObject({ kind: 'failed' })
    const hanging = transportTo(collector.url, { headers: () => new Promise(() => undefined), timeoutMillis: 30 })
    expect(await hanging.send(body)).toEqual({ kind: 'timeout' })
    const wrong = transportTo(collector.url, { headers: { 'bad name': 'x' } })
    expect(await wrong.send(body)).toMatchObject({ kind: 'failed' })
    expect(collector.requests).toHaveLength(2)
  })

  it('compresses when asked', async () => {
    const collector = await startHostileCollector({ keepRequests: true })
    onTestFinished(() => collector.close())
    await transportTo(collector.url, { compression: 'gzip' }).send(body)
    expect(collector.requests[0]).toMatchObject({ headers: { 'content-encoding': 'gzip' }, body: body.toString() })
  })

  it('decodes compressed answers within the limit and marks what it cannot decode', async () => {
    const { gzipSync, deflateSync } = await import('node:zlib')
    const answers = [
      { encoding: 'gzip', bytes: gzipSync('{}'), complete: true },
      { encoding: 'deflate', bytes: deflateSync('{}'), complete: true },
      { encoding: 'gzip', bytes: gzipSync(Buffer.alloc(1_000_000, ' ')), complete: false },
      { encoding: 'gzip', bytes: Buffer.from('{}'), complete: false },
      { encoding: 'gzip', bytes: gzipSync('{"a":1}').subarray(0, -9), complete: false },
      { encoding: 'br', bytes: Buffer.from('{}'), complete: false },
    ]
    const { url } = await serve((request, response) => {
      request.resume().on('end', () => {
        const next = answers[at]
        response.writeHead(200, { 'content-encoding': next?.encoding }).end(next?.bytes)
      })
    })
    const transport = transportTo(url)
    let at = 0
    for (; at < answers.length; at++) {
      const result = await transport.send(body)
      expect(result).toMatchObject({ kind: 'answer', bodyComplete: answers[at]?.complete })
    }
  })

  it('sends again at once when the server had closed the idle connection', async () => {
    let requests = 0
    const { url } = await serve((request, response) => {
      request.resume().on('end', () => {
        if (++requests === 2) request.socket.destroy()
        else response.end('{}')
      })
    })
    const transport = transportTo(url)
    await transport.send(body)
    expect(await transport.send(body)).toMatchObject({ kind: 'answer', status: 200 })
    expect(requests).toBe(3)
  })

  it('takes an early answer of a server that does not read the request', async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        socket.pause()
        socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const transport = transportTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`)
    for (let n = 0; n < 2; n++) {
      expect(await transport.send(Buffer.alloc(30_000_000, 32))).toMatchObject({ kind: 'answer', status: 413 })
    }
    transport.close()
  })

  it('keeps to its time limit as a whole, however the answer trickles', async () => {
    const collector = await startHostileCollector({ behaviour: { kind: 'trickle', everyMillis: 5 } })
    onTestFinished(() => collector.close())
    const started = performance.now()
    expect(await transportTo(collector.url, { timeoutMillis: 100 }).send(body)).toEqual({ kind: 'timeout' })
    expect(performance.now() - started).toBeLessThan(400)
  })

  it.each([
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.0\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}`],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\n{}'],
  ])('fails on %s', async (_, answer) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.write(answer))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const transport = transportTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`)
    expect((await transport.send(body)).kind).toBe('failed')
    transport.close()
  })

  it('speaks mutual TLS, and refuses a server that its authority does not vouch for', async () => {
    const server = https.createServer(
      { cert: pem('server'), key: pem('server.key'), ca: pem('ca'), requestCert: true, rejectUnauthorized: true },
      (request, response) => request.resume().on('end', () => response.end('{}')),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `https://localhost:${(server.address() as AddressInfo).port}/v1/logs`
    const tls = { ca: pem('ca'), cert: pem('client'), key: pem('client.key') }
    expect(await transportTo(url, { tls }).send(body)).toMatchObject({ kind: 'answer', status: 200 })
    expect((await transportTo(url, { tls: { ca: pem('ca') } }).send(body)).kind).toBe('failed')
    expect(await transportTo(url).send(body)).toMatchObject({
      kind: 'failed',
      error: { code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/) as string },
    })
  })

  it('runs with tracing suppressed, whoever calls', async () => {
    const manager = new AsyncLocalStorageContextManager().enable()
    context.setGlobalContextManager(manager)
    onTestFinished(() => context.disable())
    const { url } = await serve((request, response) => request.resume().on('end', () => response.end('{}')))
    let seen: Context | undefined
    const transport = transportTo(url, {
      headers: () => {
        seen = context.active()
        return {}
      },
    })
    const caller = trace.setSpanContext(context.active(), {
      traceId: '1'.repeat(32),
      spanId: '1'.repeat(16),
      traceFlags: 1,
    })
    await context.with(caller, () => transport.send(body))
    expect(seen && isTracingSuppressed(seen)).toBe(true)
    expect(seen && trace.getSpanContext(seen)).toBeUndefined()
  })

  it('lets the process end, on a new connection and on a kept one', async () => {
    let answers = 0
    const { url } = await serve((request, response) => {
      request.resume().on('end', () => {
        if (++answers === 1) response.end('{}')
      })
    })
    const program = `
      import { createTransport } from './src/delivery/transport.ts'
      import { defaultCollectorSettings } from './src/delivery/collector-settings.ts'
      const url = ${JSON.stringify(url.replace('127.0.0.1', 'localhost'))}
      const [kept, fresh] = [1, 2].map(() => createTransport({ ...defaultCollectorSettings, url }, 'x'))
      const body = Buffer.from('{"resourceLogs":[]}')
      void kept.send(body)
      setTimeout(() => void Promise.all([kept.send(body), fresh.send(body)]), 400)
      setTimeout(() => undefined, 800)`
    const started = performance.now()
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], { stdio: 'inherit' })
    const code = await new Promise((resolve) => child.on('exit', resolve))
    expect(code).toBe(0)
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(answers).toBe(3)
  })
})
