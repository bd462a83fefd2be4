import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileLines } from '../../src/cli/file-lines.ts'
import { viewLine, type RecordView } from '../../src/cli/record-view.ts'
import { root } from './screen.ts'

const binary = join(root, '.cache', 'collector', 'otelcol-audit')

/** Builds the Collector if need be, runs it with the project's own configuration, and reads its file exporter's output. */
export async function startCollector(directory: string, arrived: (views: readonly RecordView[]) => void) {
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build-collector.mjs')], {
    stdio: ['ignore', existsSync(binary) ? 'ignore' : 2, 2],
  })
  if (built.status !== 0) throw new Error('the Collector could not be built; without --collector the demo needs none')
  const endpoint = `127.0.0.1:${await freePort()}`
  const health = `127.0.0.1:${await freePort()}`
  const child = spawn(binary, ['--config', join(root, 'collector-config.yaml')], {
    detached: true,
    env: {
      ...process.env,
      AUDIT_EXPORTERS: '[file]',
      AUDIT_COLLECTOR_DIR: join(directory, 'collector'),
      AUDIT_COLLECTOR_ENDPOINT: endpoint,
      AUDIT_COLLECTOR_HEALTH_ENDPOINT: health,
      AUDIT_COLLECTOR_METRICS_PORT: String(await freePort()),
      AUDIT_COLLECTOR_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  await untilHealthy(`http://${health}`, () => child.exitCode)

  const file = join(directory, 'collector', 'audit.otlp.jsonl')
  const stopped = new AbortController()
  const following = follow(file, arrived, stopped.signal)
  return {
    what: 'a real OpenTelemetry Collector with ./collector-config.yaml, file exporter',
    url: `http://${endpoint}`,
    file,
    setAway(away: boolean) {
      child.kill(away ? 'SIGSTOP' : 'SIGCONT')
    },
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      process.off('exit', kill)
      stopped.abort()
      await following
    },
  }
}

async function follow(file: string, arrived: (views: readonly RecordView[]) => void, stopped: AbortSignal) {
  let offset = 0
  while (!stopped.aborted) {
    await sleep(50)
    if (!existsSync(file)) continue
    for await (const { bytes, complete } of fileLines(file, offset)) {
      if (!complete) break
      offset += bytes.length + 1
      arrived(viewLine(bytes) ?? [])
    }
  }
}

async function untilHealthy(url: string, exitCode: () => number | null): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (exitCode() !== null) throw new Error(`the Collector ended with exit code ${String(exitCode())}`)
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    await sleep(50)
  }
  throw new Error(`the Collector did not become healthy within 10 s (${url})`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
