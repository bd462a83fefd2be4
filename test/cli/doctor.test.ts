import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startHostileCollector } from '../../src/testing/hostile-collector.ts'
import { runCli } from './run-cli.ts'

interface Report {
  readonly ok: boolean
  readonly checks: readonly { name: string; status: string; found: string; advice?: string; data?: object }[]
  readonly settings: readonly { name: string; value: string; source: string; where?: string }[]
}

const script = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const tls = (name: string): string => fileURLToPath(new URL(`../delivery/tls/${name}.pem`, import.meta.url))

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'otel-audit-doctor-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function diagnose(args: readonly string[], env: Record<string, string> = {}): Promise<Report & { code: number }> {
  const { code, out } = await runCli(['doctor', '--json', ...args], env)
  return { code, ...(JSON.parse(out.join('')) as Report) }
}

function named(report: Report, name: string): Report['checks'][number] | undefined {
  return report.checks.find((check) => check.name === name)
}

async function serve(handler: http.RequestListener, options?: https.ServerOptions): Promise<string> {
  const server = options === undefined ? http.createServer(handler) : https.createServer(options, handler)
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `${options === undefined ? 'http' : 'https'}://localhost:${(server.address() as AddressInfo).port}`
}

const takesAll: http.RequestListener = (request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
}

describe('otel-audit doctor', () => {
  it('finds nothing wrong with a usable directory and an honest collector, and leaves nothing behind', async () => {
    const root = scratch()
    const dir = join(root, 'journal')
    mkdirSync(dir, { mode: 0o700 })
    const collector = await startHostileCollector()
    onTestFinished(() => collector.close())
    const report = await diagnose(['--dir', dir, '--url', collector.url])
    expect(report.checks.filter(({ status }) => status === 'fail')).toEqual([])
    expect(report).toMatchObject({ code: 0, ok: true })
    for (const name of [
      'settings',
      'directory',
      'permissions',
      'owner',
      'file system',
      'free space',
      'sync',
      'endpoint',
    ])
      expect(named(report, name), name).toBeDefined()
    expect(named(report, 'answer')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('takes OTLP/JSON') as string,
    })
    expect(named(report, 'clock')).toMatchObject({ status: 'ok', data: { skewMillis: 0 } })
    expect(collector.received()).toMatchObject({ requests: 1, records: 0 })
    expect([readdirSync(root), readdirSync(dir)]).toEqual([['journal'], []])
  })

  it('tells the time of a synced write, p50 not above p99', async () => {
    const { checks } = await diagnose(['--dir', join(scratch(), 'journal')], { AUDIT_COLLECTOR: 'false' })
    const data = checks.find(({ name }) => name === 'sync')?.data as Record<string, number>
    expect(data['samples']).toBeGreaterThan(0)
    expect(data['p50Millis']).toBeGreaterThan(0)
    expect(data['p99Millis']).toBeGreaterThanOrEqual(data['p50Millis'] ?? 0)
  })

  it('does not make a journal that is not there', async () => {
    const root = scratch()
    const report = await diagnose(['--dir', join(root, 'a', 'b')], { AUDIT_COLLECTOR: 'false' })
    expect(named(report, 'directory')).toMatchObject({
      status: 'ok',
      found: `${root}/a/b is not there yet; it can be made in ${root}`,
    })
    expect(readdirSync(root)).toEqual([])
    expect(report.code).toBe(0)
  })

  it('fails a directory that cannot be made, whatever the rights say', async ({ skip }) => {
    if (process.platform !== 'linux') skip('/proc is looked for on Linux only')
    const report = await diagnose(['--dir', '/proc/nope'], { AUDIT_COLLECTOR: 'false' })
    expect(named(report, 'directory')).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/no directory can be made in \/proc|permission denied/) as string,
    })
    expect(report.code).toBe(1)
  })

  it('fails a directory that the library refuses: a link, one that everybody may write', async () => {
    const root = scratch()
    mkdirSync(join(root, 'real'), { mode: 0o700 })
    symlinkSync(join(root, 'real'), join(root, 'link'))
    const link = await diagnose(['--dir', join(root, 'link')], { AUDIT_COLLECTOR: 'false' })
    expect(named(link, 'directory')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('symbolic link') as string,
    })
    expect(link.code).toBe(1)
    chmodSync(join(root, 'real'), 0o777)
    const open = await diagnose(['--dir', join(root, 'real')], { AUDIT_COLLECTOR: 'false' })
    expect(named(open, 'directory')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('chmod o-w') as string,
    })
    chmodSync(join(root, 'real'), 0o755)
    const readable = await diagnose(['--dir', join(root, 'real')], { AUDIT_COLLECTOR: 'false' })
    expect(named(readable, 'permissions')).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('0755') as string,
    })
    expect(readable.code).toBe(0)
  })

  it('warns of a file system in memory', async ({ skip }) => {
    if (process.platform !== 'linux') skip('tmpfs at /dev/shm is looked for on Linux only')
    const directory = mkdtempSync('/dev/shm/otel-audit-doctor-')
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const report = await diagnose(['--dir', directory], { AUDIT_COLLECTOR: 'false' })
    expect(named(report, 'file system')).toMatchObject({ status: 'warn', found: 'volatile, tmpfs' })
  })

  it('fails when a limit on file size is below a segment, and when a write fails for it', ({ skip }) => {
    if (process.platform === 'win32') skip('ulimit is not there on Windows')
    const args = `doctor --json --dir '${join(scratch(), 'journal')}'`
    const command = `ulimit -f 20; '${process.execPath}' '${script}' ${args}`
    const { status, stdout } = spawnSync('bash', ['-c', command], {
      encoding: 'utf8',
      env: { AUDIT_COLLECTOR: 'false' },
    })
    const report = JSON.parse(stdout) as Report
    expect(status).toBe(1)
    expect(named(report, 'file size')).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('EFBIG') as string,
    })
    expect(named(report, 'sync')).toMatchObject({ status: 'fail' })
  })

  it('says what is between here and a collector that does not answer', async () => {
    const unreachable = await diagnose(['--dir', scratch(), '--url', 'http://127.0.0.1:9'])
    expect(named(unreachable, 'tcp')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('ECONNREFUSED') as string,
    })
    expect(named(unreachable, 'answer')).toBeUndefined()
    expect(unreachable.code).toBe(1)
    const nameless = await diagnose(['--dir', scratch(), '--url', 'http://no-such-host.invalid:4318'])
    expect(named(nameless, 'dns')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('no-such-host.invalid') as string,
    })
  })

  it.each([
    [401, '{}', 'HTTP 401: the credentials are missing or wrong', 'fail', 1],
    [404, '', 'HTTP 404: no OTLP logs receiver at this address', 'fail', 1],
    [503, '', 'HTTP 503', 'fail', 1],
    [200, '<html>', 'HTTP 200 but the answer is not an ExportLogsServiceResponse', 'fail', 1],
    [400, 'empty', 'refuses an empty request: HTTP 400 empty', 'warn', 0],
  ])('judges the answer %i %s as delivery does', async (status, body, found, verdict, code) => {
    const url = await serve((request, response) =>
      request.resume().on('end', () => response.writeHead(status).end(body)),
    )
    const report = await diagnose(['--dir', scratch(), '--url', url])
    expect(named(report, 'answer')).toMatchObject({ status: verdict, found })
    expect(report.code).toBe(code)
  })

  it('compares the clocks', async () => {
    const at = async (millis: number): Promise<Report['checks'][number] | undefined> => {
      const url = await serve((request, response) => {
        const date = new Date(Date.now() + millis).toUTCString()
        request
          .resume()
          .on('end', () => response.writeHead(200, { date, 'content-type': 'application/json' }).end('{}'))
      })
      return named(await diagnose(['--dir', scratch(), '--url', url]), 'clock')
    }
    expect(await at(-60_000)).toMatchObject({
      status: 'warn',
      found: expect.stringMatching(/(59|60) s behind/) as string,
    })
    expect(await at(3_600_000)).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/(3599|3600) s ahead/) as string,
    })
  })

  it('takes a trusted certificate, fails one that is not trusted or has another name', async () => {
    const options = { key: readFileSync(tls('server.key')), cert: readFileSync(tls('server')) }
    const url = await serve(takesAll, options)
    const trusted = await diagnose(['--dir', scratch(), '--url', url], { AUDIT_COLLECTOR_TLS_CA_FILE: tls('ca') })
    expect(named(trusted, 'tls')).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/^TLSv1\.[23], certificate of /) as string,
    })
    expect(trusted.code).toBe(0)
    const untrusted = await diagnose(['--dir', scratch(), '--url', url])
    expect(named(untrusted, 'tls')).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('AUDIT_COLLECTOR_TLS_CA_FILE') as string,
    })
    if (process.platform !== 'linux') return // others have no 127.0.0.2
    const misnamed = await diagnose(['--dir', scratch(), '--url', url.replace('localhost', '127.0.0.2')], {
      AUDIT_COLLECTOR_TLS_CA_FILE: tls('ca'),
    })
    expect(named(misnamed, 'tls')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining("does not match certificate's altnames") as string,
    })
  })

  it('warns of a certificate that expires within two weeks', async ({ skip }) => {
    const root = scratch()
    const [key, cert] = [join(root, 'key.pem'), join(root, 'cert.pem')]
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '3', '-nodes']
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    const made = spawnSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...names])
    if (made.status !== 0) skip('openssl is not there to make a certificate')
    const url = await serve(takesAll, { key: readFileSync(key), cert: readFileSync(cert) })
    const report = await diagnose(['--dir', root, '--url', url], { AUDIT_COLLECTOR_TLS_CA_FILE: cert })
    expect(named(report, 'tls')).toMatchObject({
      status: 'warn',
      found: expect.stringMatching(/[23] days left$/) as string,
    })
  })

  it('shows every setting with who set it, and no secret', async () => {
    const env = {
      AUDIT_JOURNAL_RETAIN: '3d',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:9/v1/logs?api_key=hidden-query',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hidden-token',
    }
    const { code, out } = await runCli(['doctor', '--dir', scratch()], env)
    expect(code).toBe(1)
    const text = out.join('\n')
    expect(text).not.toMatch(/hidden/)
    expect(text).toMatch(/journal\.retain +259200000 {2}\(AUDIT_: AUDIT_JOURNAL_RETAIN\)/)
    expect(text).toMatch(/collector\.headers +authorization {2}\(OTEL_: OTEL_EXPORTER_OTLP_HEADERS\)/)
    expect(text).toMatch(
      /collector\.url +http:\/\/127\.0\.0\.1:9\/v1\/logs\?… {2}\(OTEL_: OTEL_EXPORTER_OTLP_LOGS_ENDPOINT\)/,
    )
    expect(text).toMatch(/journal\.dir .* {2}\(option: journal\.dir\)/)
    expect(text).toMatch(/confirmBy +durable {2}\(default\)/)
    const elsewhere = await diagnose(['--dir', scratch()], { ...env, AUDIT_COLLECTOR_URL: 'http://127.0.0.1:9' })
    expect(elsewhere.settings.find(({ name }) => name === 'collector.headers')).toEqual({
      name: 'collector.headers',
      value: 'none',
      source: 'default',
    })
  })

  it('fails settings with which the library does not start, and warns of variables that mean nothing', async () => {
    const refused = await diagnose([], { AUDIT_CONFIRM_BY: 'durable', AUDIT_JOURNAL_MAX_BYTES: 'lots' })
    expect(refused).toMatchObject({ code: 1, settings: [] })
    expect(named(refused, 'settings')).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('AUDIT_JOURNAL_MAX_BYTES') as string,
    })
    const odd = await diagnose(['--dir', scratch()], { AUDIT_COLLECTOR: 'false', AUDIT_JORNAL_DIR: 'x' })
    expect(odd.checks).toContainEqual(
      expect.objectContaining({
        name: 'settings',
        status: 'warn',
        found: expect.stringContaining('AUDIT_JOURNAL_DIR') as string,
      }),
    )
  })

  it('is used wrongly with an argument or a time limit that is no number', async () => {
    expect(await runCli(['doctor', 'journal'])).toMatchObject({ code: 2, out: [] })
    expect(await runCli(['doctor', '--timeout', 'soon'])).toMatchObject({ code: 2, out: [] })
    expect(await runCli(['doctor', '--timeout', '0'])).toMatchObject({ code: 2, out: [] })
  })
})
