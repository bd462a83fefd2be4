// First of all imports: HTTP must be instrumented before Fastify loads it.
import { resource, sdk } from './telemetry.ts'
import { createAuditLogger, setAuditLogger } from 'otel-audit'
import { buildApp } from './app.ts'
import { openDatabase } from './database.ts'
import { modules } from './modules.ts'

// Beside NodeSDK, not inside it: the audit trail has its own pipeline. Collector, headers, journal directory: OTEL_* and AUDIT_*.
const audit = createAuditLogger({ resource, modules })
setAuditLogger(audit)
await audit.ready()

const app = buildApp(openDatabase(process.env['DATABASE_FILE']), modules)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop())
const address = await app.listen({
  port: Number(process.env['PORT'] ?? 3000),
  host: process.env['HOST'] ?? '127.0.0.1',
})
process.stdout.write(`admin-service listens on ${address}\n`)

/** Last the requests, then the audit trail (flushed here, delivered if the collector answers in time), then the traces. */
async function stop(): Promise<void> {
  await app.close()
  const { undelivered } = await audit.shutdown({ drain: true, timeoutMillis: 5_000 })
  if (undelivered > 0) process.stderr.write(`${undelivered} audit records wait in the journal for the next start\n`)
  await sdk.shutdown().catch(() => undefined)
}
