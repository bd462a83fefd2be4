import { afterEach, expect, it, vi } from 'vitest'
import { auditLogger, setAuditLogger } from '../../src/index.ts'
import { createTestAuditLogger } from '../../src/testing/index.ts'

afterEach(() => vi.restoreAllMocks())

it('keeps the records of a service under test in memory, redacted, and warns of nothing', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const audit = createTestAuditLogger()
  const undo = setAuditLogger(audit.logger)
  const event = {
    adminUserId: 7,
    action: 'delete_store',
    targetType: 'store',
    targetId: 12,
    details: { password: 'x' },
  }
  expect(await auditLogger.logAction(event)).toBe(true)
  undo()
  expect(audit.events()).toHaveLength(1)
  expect(audit.find({ action: 'delete_store', targetId: '12' })?.event.details).toEqual({ password: '[REDACTED]' })
  expect(audit.records()[0]?.record.eventName).toBe('admin.store.delete')
  audit.clear()
  expect(audit.filter({ action: 'delete_store' })).toEqual([])
  expect(warn).not.toHaveBeenCalled()
  await audit.logger.shutdown()
})
