import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePorts } from './collector-process.ts'

const root = join(import.meta.dirname, '..', '..')

export interface AdminService {
  /** It survives a restart. */
  readonly url: string
  /** What all its lives printed as warnings and errors. */
  problems(): string
  /** Starts it again on the same journal and port. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
}

/** The sample admin service in a process of its own, configured by environment variables only. */
export async function startAdminService(
  journal: string,
  settings: Readonly<Record<string, string>>,
): Promise<AdminService> {
  const [port = 0] = await freePorts(1)
  let problems = ''
  let child: ChildProcess | undefined

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = child
    child = undefined
    if (ending === undefined) return null
    const exited = ending.exitCode ?? once(ending, 'exit')
    ending.kill(signal)
    await exited
    return ending.exitCode
  }
  const restart = async (env: Readonly<Record<string, string>> = {}): Promise<void> => {
    await end('SIGKILL')
    const main = join(root, 'examples', 'admin-service', 'main.ts')
    const started = spawn(process.execPath, ['--import', join(root, 'examples', 'from-source.mjs'), main], {
      env: {
        PATH: process.env['PATH'],
        PORT: String(port),
        AUDIT_JOURNAL_DIR: journal,
        OTEL_SERVICE_NAME: 'admin-service',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        LOG_LEVEL: 'silent',
        AUDIT_COLLECTOR_INITIAL_BACKOFF_MILLIS: '50',
        AUDIT_COLLECTOR_MAX_BACKOFF_MILLIS: '500',
        ...settings,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = started
    started.stderr.on('data', (text: Buffer) => (problems += text.toString()))
    const killWithUs = (): void => void started.kill('SIGKILL')
    process.once('exit', killWithUs)
    started.once('exit', () => process.removeListener('exit', killWithUs))
    if (!(await listens(started.stdout))) throw new Error(`the admin service did not start:\n${problems}`)
    started.stdout.resume()
  }
  await restart()
  return {
    url: `http://127.0.0.1:${String(port)}`,
    problems: () => problems,
    restart,
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL')
    },
  }
}

async function listens(stdout: NodeJS.ReadableStream): Promise<boolean> {
  for await (const line of createInterface({ input: stdout })) if (line.includes('listens on http:')) return true
  return false
}

/** The service's own view of its audit trail, and the status of its health check. */
export async function healthOf(url: string): Promise<{ status: number; audit: AuditHealthView }> {
  const answer = await fetch(`${url}/health`)
  return { status: answer.status, audit: ((await answer.json()) as { audit: AuditHealthView }).audit }
}

interface AuditHealthView {
  readonly status: string
  readonly reasons: readonly string[]
  readonly undelivered: number
  readonly setAside: number
}

/** The command line tool, as its users run it. */
export function otelAudit(...args: string[]): { readonly code: number | null; readonly text: string } {
  const command = [join(root, 'src', 'cli', 'main.ts'), ...args]
  const env = { PATH: process.env['PATH'], NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env })
  return { code: status, text: stdout + stderr }
}
