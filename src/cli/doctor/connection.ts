import { lookup } from 'node:dns/promises'
import net from 'node:net'
import tls from 'node:tls'
import type { CollectorSettings } from '../../delivery/collector-settings.ts'
import { messageOf, type Check } from './check.ts'

const dayMillis = 86_400_000

interface Address {
  readonly host: string
  readonly port: number
  readonly secure: boolean
}

/** DNS, TCP and TLS, each only when the one before it went well. */
export async function checkConnection(settings: CollectorSettings, limitMillis: number): Promise<Check[]> {
  const url = new URL(settings.url)
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const address: Address = { host, port: Number(url.port || (secure ? 443 : 80)), secure }
  const checks: Check[] = []
  for (const look of [checkDns, checkTcp, checkTls]) {
    const check = await look(address, settings, limitMillis)
    checks.push(check)
    if (check.status === 'fail') break
  }
  return checks
}

async function checkDns({ host }: Address): Promise<Check> {
  const name = 'dns'
  if (net.isIP(host) !== 0) return { name, status: 'ok', found: `${host} is an address` }
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address)
    return { name, status: 'ok', found: `${host} is ${addresses.join(', ')}`, data: { addresses } }
  } catch (error) {
    const advice = 'correct the name in the collector’s address, or the resolver of this machine'
    return { name, status: 'fail', found: `${host}: ${messageOf(error)}`, advice }
  }
}

async function checkTcp({ host, port }: Address, _settings: CollectorSettings, limitMillis: number): Promise<Check> {
  const name = 'tcp'
  const began = performance.now()
  try {
    const socket = net.connect({ host, port })
    const look = (): string => `${socket.remoteAddress ?? host} port ${port}`
    const remote = await whenOpen(socket, 'connect', limitMillis, look)
    const millis = Math.round(performance.now() - began)
    return { name, status: 'ok', found: `${remote} takes connections (${millis} ms)`, data: { remote, millis } }
  } catch (error) {
    const advice = `nothing answers at port ${port}: is the collector running, its OTLP/HTTP receiver on, a firewall between?`
    return { name, status: 'fail', found: messageOf(error), advice }
  }
}

async function checkTls(
  { host, port, secure }: Address,
  settings: CollectorSettings,
  limitMillis: number,
): Promise<Check> {
  const name = 'tls'
  if (!secure) {
    if (isLoopback(host)) return { name, status: 'ok', found: 'none: plain http to this machine' }
    const advice = 'use an https: address, or make sure that nobody else can listen on the way'
    return { name, status: 'warn', found: 'none: records and headers go in plain text', advice }
  }
  // Verified below, so that an unverified certificate is described and not only refused.
  const socket = tls.connect({
    host,
    port,
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: false,
    ...settings.tls,
  })
  try {
    return await whenOpen(socket, 'secureConnect', limitMillis, () => judgeCertificate(host, socket))
  } catch (error) {
    const advice =
      'the handshake failed: does the port speak TLS 1.2 or newer, and does it ask for a client certificate?'
    return { name, status: 'fail', found: messageOf(error), advice }
  }
}

function judgeCertificate(host: string, socket: tls.TLSSocket): Check {
  const name = 'tls'
  const certificate = socket.getPeerCertificate()
  const expires = new Date(certificate.valid_to)
  const days = Math.floor((expires.getTime() - Date.now()) / dayMillis)
  const date = Number.isNaN(days) ? 'at an unreadable time' : expires.toISOString().slice(0, 10)
  const data = {
    protocol: socket.getProtocol(),
    subject: textOf(certificate.subject.CN),
    expires: certificate.valid_to,
    days,
  }
  const found = `${data.protocol ?? 'TLS'}, certificate of ${data.subject}, valid until ${date}`
  const fail = (why: string, advice: string): Check => ({
    name,
    status: 'fail',
    found: `${found}; ${why}`,
    advice,
    data,
  })
  if (days < 0) return fail('it has expired', 'renew the collector’s certificate')
  const wrongName = tls.checkServerIdentity(host, certificate)
  if (wrongName !== undefined) {
    return fail(wrongName.message, 'use a name that the certificate has, or a certificate that has this name')
  }
  if (!socket.authorized) {
    const advice = 'name the authority that signed it: AUDIT_COLLECTOR_TLS_CA_FILE'
    return fail(`it is not trusted: ${messageOf(socket.authorizationError)}`, advice)
  }
  if (days < 14) {
    return {
      name,
      status: 'warn',
      found: `${found}, ${days} days left`,
      advice: 'renew the collector’s certificate',
      data,
    }
  }
  return { name, status: 'ok', found, data }
}

/** What `look` sees once the socket is open; the socket is closed then. */
async function whenOpen<T>(socket: net.Socket, event: string, limitMillis: number, look: () => T): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => reject(new Error(`no connection within ${limitMillis} ms`)), limitMillis)
  socket.once(event, () => {
    try {
      resolve(look())
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)))
    }
  })
  socket.on('error', reject)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** A subject may have several common names. */
function textOf(name: string | readonly string[] | undefined): string {
  return typeof name === 'string' ? name : (name?.join(', ') ?? 'no name')
}
