/*
 * Does a backlog slow the service? The same load with 10,000 and with 1,000,000 undelivered records in the journal. In
 * turns, the large one first: a kernel that has to find memory for new pages of its cache makes every later writer slower.
 */
import { createAuditLogger } from '../src/create-audit-logger.ts'
import { benchEvent } from './bench-event.ts'
import { benchDirectory, keepInFlight, report } from './figure.ts'

// Nothing listens on port 9: every record stays undelivered.
const collector = { url: 'http://127.0.0.1:9', timeoutMillis: 1_000 }
const onProblem = (): void => undefined

const sizes = [10_000, 1_000_000] as const
const total = 200_000
const rounds = 2
const sums = new Map(sizes.map((size) => [size, { seconds: 0, lost: 0, rss: 0 }]))

for (const backlog of Array.from({ length: rounds }, () => sizes.toReversed()).flat()) {
  const dir = benchDirectory()
  const before = createAuditLogger({ serviceName: 'bench', journal: { dir }, collector, onProblem })
  await before.ready()
  await keepInFlight(1024, backlog, (i) => before.logAction(benchEvent(i)))
  await before.shutdown()
  const logger = createAuditLogger({ serviceName: 'bench', journal: { dir }, collector, onProblem })
  await logger.ready()
  await keepInFlight(1024, 60_000, (i) => logger.logAction(benchEvent(i)))
  const start = performance.now()
  const confirmed = await keepInFlight(1024, total, (i) => logger.logAction(benchEvent(i)))
  const sum = sums.get(backlog)
  if (sum !== undefined) {
    sum.seconds += (performance.now() - start) / 1000
    sum.lost += total - confirmed
    sum.rss = Math.max(sum.rss, process.memoryUsage().rss)
  }
  await logger.shutdown()
}
for (const [size, { seconds, lost, rss }] of sums) {
  const name = `otel-audit with ${size.toLocaleString('en')} records undelivered`
  report({ name, records: rounds * total, seconds, lost, note: `RSS ${Math.round(rss / 1e6)} MB` })
}
