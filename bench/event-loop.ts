/* What the library costs the service: the event loop's delay at 20,000 records/s, and the synchronous part of a call. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createAuditLogger } from '../src/create-audit-logger.ts'
import { benchEvent } from './bench-event.ts'
import { benchDirectory, keepInFlight, report } from './figure.ts'

const logger = createAuditLogger({ serviceName: 'bench', journal: { dir: benchDirectory() }, collector: false })
await logger.ready()
await keepInFlight(256, 60_000, (i) => logger.logAction(benchEvent(i)))

const perSecond = 20_000
const seconds = 10
const delay = monitorEventLoopDelay({ resolution: 1 })
let called = 0
let inCalls = 0
const pending: Promise<boolean>[] = []
const start = performance.now()
delay.enable()
await new Promise<void>((resolve) => {
  const tick = (): void => {
    const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - start) / 1000) * perSecond))
    const before = performance.now()
    for (; called < due; called++) pending.push(logger.logAction(benchEvent(called)))
    inCalls += performance.now() - before
    if (called < perSecond * seconds) setTimeout(tick, 1)
    else resolve()
  }
  tick()
})
delay.disable()
const confirmed = (await Promise.all(pending)).filter(Boolean).length
const took = (performance.now() - start) / 1000
const millis = (nanos: number): string => (nanos / 1e6).toFixed(1)
const note = `event-loop delay p50 ${millis(delay.percentile(50))} ms, p99 ${millis(delay.percentile(99))} ms; ${((inCalls * 1000) / called).toFixed(1)} µs a call`
report({ name: 'otel-audit at 20,000 records/s', records: called, seconds: took, lost: called - confirmed, note })
await logger.shutdown()
