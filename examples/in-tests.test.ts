import { auditLogger, createAuditLogger, setAuditLogger } from 'otel-audit'
import { memoryProvider } from 'otel-audit/providers'
import { afterEach, beforeEach, expect, it } from 'vitest'

// Business code under test: it knows the façade only.
async function closeStore(id: number, adminUserId: string): Promise<void> {
  await auditLogger.logAction({ adminUserId, action: 'close_store', targetType: 'store', targetId: id })
}

const memory = memoryProvider()
let undo = () => {}

beforeEach(() => {
  undo = setAuditLogger(createAuditLogger({ journal: false, collector: false, providers: [memory] }))
})
afterEach(() => undo())

it('leaves a record of who closed the store', async () => {
  await closeStore(7, 'alice')
  expect(memory.events()).toMatchObject([{ eventName: 'admin.store.close', adminUserId: 'alice', targetId: '7' }])
})
