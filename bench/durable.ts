/* Records per second, durable and chained: with 1,024 calls in flight, and for a burst of un-awaited calls. */
import { createAuditLogger } from '../src/create-audit-logger.ts'
import { benchEvent } from './bench-event.ts'
import { benchDirectory, bytesUnder, keepInFlight, report } from './figure.ts'

const dir = benchDirectory()
const logger = createAuditLogger({
  serviceName: 'bench',
  journal: { dir },
  collector: false,
  onProblem: ({ code, message }) => {
    if (code !== 'queue_high_water') process.stderr.write(`${code}: ${message}\n`)
  },
})
await logger.ready()
await keepInFlight(1024, 60_000, (i) => logger.logAction(benchEvent(i))) // the engine warms up

{
  const total = 300_000
  const before = bytesUnder(dir)
  const start = performance.now()
  const confirmed = await keepInFlight(1024, total, (i) => logger.logAction(benchEvent(i)))
  const seconds = (performance.now() - start) / 1000
  const bytes = bytesUnder(dir) - before
  report({ name: 'otel-audit, 1,024 in flight', records: total, seconds, lost: total - confirmed, bytes })
}

for (const total of [200_000, 1_000_000]) {
  if (process.argv[2] === 'quick' && total > 200_000) continue
  const before = bytesUnder(dir)
  const start = performance.now()
  const calls: Promise<boolean>[] = []
  for (let i = 0; i < total; i++) calls.push(logger.logAction(benchEvent(i)))
  const handedOver = performance.now()
  const confirmed = (await Promise.all(calls)).filter(Boolean).length
  const seconds = (performance.now() - start) / 1000
  const note = `handed over in ${((handedOver - start) / 1000).toFixed(1)} s, RSS ${Math.round(process.memoryUsage().rss / 1e6)} MB`
  const bytes = bytesUnder(dir) - before
  report({
    name: `otel-audit, burst of ${total.toLocaleString('en')} in one tick`,
    records: total,
    seconds,
    lost: total - confirmed,
    bytes,
    note,
  })
}
await logger.shutdown()
