import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { FarEnd } from './far-end.ts'
import { root } from './screen.ts'

export interface Service {
  readonly url: string
  /** SIGTERM; resolves with the exit code once the process has ended. */
  stop(): Promise<number | null>
  /** SIGKILL: nothing of the process runs any more. */
  kill(): Promise<void>
}

/** The sample admin service, in a process of its own, configured by environment variables only. */
export async function startService(journal: string, farEnd: FarEnd, port: number): Promise<Service> {
  const main = join(root, 'examples', 'admin-service', 'main.ts')
  const child = spawn(process.execPath, ['--import', join(root, 'examples', 'from-source.mjs'), main], {
    // A group of its own: Ctrl-C is for the demo, which stops the service in order.
    detached: true,
    env: {
      ...withoutSettings(process.env),
      PORT: String(port),
      AUDIT_JOURNAL_DIR: journal,
      OTEL_SERVICE_NAME: 'admin-service',
      OTEL_EXPORTER_OTLP_ENDPOINT: farEnd.auditUrl,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${farEnd.tracesUrl}/v1/traces`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const killNow = () => child.kill('SIGKILL')
  process.once('exit', killNow)
  const ended = once(child, 'exit') as Promise<[number | null]>
  const url = await Promise.race([listening(child.stdout), ended.then(() => undefined)])
  if (url === undefined) throw new Error('the admin service did not start; see above')
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      const [code] = await ended
      process.off('exit', killNow)
      return code
    },
    async kill() {
      killNow()
      await ended
      process.off('exit', killNow)
    },
  }
}

async function listening(stdout: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const text of createInterface({ input: stdout })) {
    const url = /listens on (http:\S+)/.exec(text)?.[1]
    if (url !== undefined) {
      stdout.resume()
      return url
    }
  }
  return undefined
}

/** The caller's environment without what would configure the service otherwise. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(AUDIT|OTEL)_/.test(name)))
}
