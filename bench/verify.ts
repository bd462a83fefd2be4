/* How fast `otel-audit verify` reads a journal: CRC, chain, hashes and order of every record. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { createAuditLogger } from '../src/create-audit-logger.ts'
import { benchEvent } from './bench-event.ts'
import { benchDirectory, bytesUnder, keepInFlight, report } from './figure.ts'

const dir = benchDirectory()
const total = 300_000
const logger = createAuditLogger({ serviceName: 'bench', journal: { dir }, collector: false })
await logger.ready()
await keepInFlight(1024, total, (i) => logger.logAction(benchEvent(i)))
await logger.shutdown()

const cli = path.join(import.meta.dirname, '../src/cli/main.ts')
const start = performance.now()
const { status, stderr } = spawnSync(process.execPath, [cli, 'verify', dir], { encoding: 'utf8' })
if (status !== 0) throw new Error(`verify ended with ${String(status)}: ${stderr}`)
const seconds = (performance.now() - start) / 1000
report({
  name: 'otel-audit verify',
  records: total + 2,
  seconds,
  lost: 0,
  bytes: bytesUnder(dir),
  note: 'start of the process included',
})
