/* Does a backlog slow the service? The same load with 10,000 and with 1,000,000 undelivered records in the journal. */
import { createAuditLogger } from '../src/create-audit-logger.ts'
import { benchEvent } from './bench-event.ts'
import { benchDirectory, keepInFlight, report } from './figure.ts'

// Nothing listens on port 9: every record stays undelivered.
const collector = { url: 'http://127.0.0.1:9', timeoutMillis: 1_000 }
const onProblem = (): void => undefined

for (const backlog of [10_000, 1_000_000]) {
  const dir = benchDirectory()
  const before = createAuditLogger({ serviceName: 'bench', journal: { dir }, collector, onProblem })
  await before.ready()
  await keepInFlight(1024, backlog, (i) => before.logAction(benchEvent(i)))
  await before.shutdown()
  const logger = createAuditLogger({ serviceName: 'bench', journal: { dir }, collector, onProblem })
  await logger.ready()
  await keepInFlight(1024, 60_000, (i) => logger.logAction(benchEvent(i)))
  const total = 200_000
  const start = performance.now()
  const confirmed = await keepInFlight(1024, total, (i) => logger.logAction(benchEvent(i)))
  const seconds = (performance.now() - start) / 1000
  const note = `RSS ${Math.round(process.memoryUsage().rss / 1e6)} MB`
  report({
    name: `otel-audit with ${backlog.toLocaleString('en')} records undelivered`,
    records: total,
    seconds,
    lost: total - confirmed,
    note,
  })
  await logger.shutdown()
}
