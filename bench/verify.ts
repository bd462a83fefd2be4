/* How fast `otel-audit verify` reads a journal: CRC, chain, hashes and order of every record; with 1 and with 2 threads. */
import { spawnSync } from 'node:child_process'
import { trailSources } from '../src/cli/trail-sources.ts'
import { verifySources } from '../src/cli/verify/verify-sources.ts'
import { createAuditLogger } from '../src/create-audit-logger.ts'
import { benchEvent } from './bench-event.ts'
import { benchDirectory, bytesUnder, keepInFlight, report } from './figure.ts'

const total = 300_000
const [directory, threads] = process.argv.slice(2)
if (directory === undefined) await writeAndMeasure()
else await measure(directory, Number(threads))

async function writeAndMeasure(): Promise<void> {
  const dir = benchDirectory()
  const logger = createAuditLogger({ serviceName: 'bench', journal: { dir }, collector: false })
  await logger.ready()
  await keepInFlight(1024, total, (i) => logger.logAction(benchEvent(i)))
  await logger.shutdown()
  for (const count of ['1', '2']) {
    const { status } = spawnSync(process.execPath, [import.meta.filename, dir, count], { stdio: 'inherit' })
    if (status !== 0) throw new Error(`verify ended with ${String(status)}`)
  }
}

/** In a process of its own, the start of the program and of its threads included. */
async function measure(dir: string, count: number): Promise<void> {
  const { report: trail } = await verifySources(await trailSources(dir), { partial: false, threads: count })
  if (!trail.ok) throw new Error('the journal does not verify')
  const seconds = process.uptime()
  const { user, system } = process.cpuUsage()
  const { records } = trail
  // The processor's own time tells the speed of a core also where others keep it busy.
  const perCore = Math.round((records / (user + system)) * 1e6)
  const note = `${((user + system) / records).toFixed(1)} µs of a core each: ${perCore.toLocaleString('en')} records/s per core, RSS ${Math.round(process.memoryUsage().rss / 1e6)} MB`
  const name = count === 1 ? 'otel-audit verify, 1 thread' : `otel-audit verify, ${count} threads`
  report({ name, records, seconds, lost: total + 2 - records, bytes: bytesUnder(dir), note })
}
