import { auditLogger } from 'otel-audit'

// Nothing to set up: the first call opens ./audit-journal (AUDIT_JOURNAL_DIR) and delivers to localhost:4318 (OTEL_*).
const recorded = await auditLogger.logAction({
  adminUserId: 42,
  action: 'create_store',
  targetType: 'store',
  targetId: 7,
  details: { name: 'Berlin', currency: 'EUR' },
  requestId: 'f2c9be1e-3b64-4f30-9d0a-0b2a7a5c7f11',
})

console.log(recorded) // true: written, synced, chained; a crash of this machine cannot take it back
await auditLogger.shutdown()
