import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = join(import.meta.dirname, '..', '..')

/** The configuration that users run; tests use the same file. */
export const collectorConfig = join(root, 'collector-config.yaml')

let found: { readonly binary: string | undefined } | undefined

/**
 * The path of a real Collector, built on demand when Go is there.
 * Without one: an error with instructions where `CI` is set; elsewhere `undefined`, with the reason printed, for
 * `describe.skipIf(requireCollector() === undefined)`.
 */
export function requireCollector(): string | undefined {
  found ??= { binary: buildCollector() }
  return found.binary
}

function buildCollector(): string | undefined {
  const build = spawnSync(process.execPath, [join(root, 'scripts', 'build-collector.mjs')], { encoding: 'utf8' })
  if (build.status === 0) {
    return join(root, '.cache', 'collector', process.platform === 'win32' ? 'otelcol-audit.exe' : 'otelcol-audit')
  }
  const reason = `No Collector to test against: run "node scripts/build-collector.mjs".\n${build.stderr}`
  if (process.env['CI'] !== undefined) throw new Error(reason)
  process.stderr.write(`skipped: ${reason}\n`)
  return undefined
}

export interface CollectorOptions {
  /** Keeps the queue and the file exporter's output; made when it is missing. */
  readonly dir: string
  /** Port for OTLP/HTTP; default: a free one. */
  readonly port?: number
  /** Value of `AUDIT_EXPORTERS` as a list; default: `['file']`. */
  readonly exporters?: readonly string[]
  /** Further configuration files, merged over collector-config.yaml in this order. */
  readonly configs?: readonly string[]
  /** Further variables, such as `AUDIT_LOKI_ENDPOINT`. */
  readonly env?: Readonly<Record<string, string>>
}

export interface CollectorProcess {
  /** Base URL; add `/v1/logs`. It survives `restart()`. */
  readonly url: string
  /** What the exporter `file` writes: one OTLP/JSON request per line. */
  readonly outputFile: string
  /** Where the Collector's own metrics are. */
  readonly metricsUrl: string
  readonly pid: number | undefined
  /** What it printed so far, all lives together. */
  log(): string
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
  /** SIGKILL: nothing is flushed. */
  kill(): Promise<void>
  /** Starts it again on the same ports and directory; kills it first if it runs. Resolves when it is ready. */
  restart(): Promise<void>
}

/** Starts collector-config.yaml with the built Collector; resolves when it accepts requests. */
export async function startCollector(options: CollectorOptions): Promise<CollectorProcess> {
  const binary = requireCollector()
  if (binary === undefined) throw new Error('there is no Collector: guard the suite with requireCollector()')
  mkdirSync(options.dir, { recursive: true })
  const [otlp, health, metrics] = await freePorts(3)
  const port = options.port ?? otlp
  const healthUrl = `http://127.0.0.1:${String(health)}`
  const env = {
    ...process.env,
    AUDIT_EXPORTERS: `[${(options.exporters ?? ['file']).join(', ')}]`,
    AUDIT_COLLECTOR_DIR: options.dir,
    AUDIT_COLLECTOR_ENDPOINT: `127.0.0.1:${String(port)}`,
    AUDIT_COLLECTOR_HEALTH_ENDPOINT: `127.0.0.1:${String(health)}`,
    AUDIT_COLLECTOR_METRICS_HOST: '127.0.0.1',
    AUDIT_COLLECTOR_METRICS_PORT: String(metrics),
    ...options.env,
  }
  const args = [collectorConfig, ...(options.configs ?? [])].flatMap((file) => ['--config', file])
  let output = ''
  let child: ChildProcess | undefined

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const exited = once(ending, 'exit')
    ending.kill(signal)
    const hard = setTimeout(() => ending.kill('SIGKILL'), 15_000)
    await exited
    clearTimeout(hard)
  }
  const start = async (): Promise<void> => {
    await end('SIGKILL')
    const started = spawn(binary, args, { cwd: options.dir, env, stdio: ['ignore', 'pipe', 'pipe'] })
    child = started
    const keep = (text: Buffer): void => void (output += text.toString())
    started.stdout.on('data', keep)
    started.stderr.on('data', keep)
    const killWithUs = (): void => void started.kill('SIGKILL')
    process.once('exit', killWithUs)
    started.once('exit', () => process.removeListener('exit', killWithUs))
    await ready(healthUrl, started, () => output)
  }
  await start()
  return {
    url: `http://127.0.0.1:${String(port)}`,
    outputFile: join(options.dir, 'audit.otlp.jsonl'),
    metricsUrl: `http://127.0.0.1:${String(metrics)}/metrics`,
    get pid() {
      return child?.pid
    },
    log: () => output,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    restart: start,
  }
}

async function ready(healthUrl: string, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the Collector ended with ${String(child.exitCode)}:\n${log()}`)
    const answer = await fetch(healthUrl, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
    if (answer?.ok === true) return
    await sleep(50)
  }
  child.kill('SIGKILL')
  throw new Error(`the Collector was not ready after 20 s:\n${log()}`)
}

/** Ports of the loopback interface that nobody listens on at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
