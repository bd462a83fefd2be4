import type { FastifyInstance } from 'fastify'
import { auditLogger } from 'otel-audit'
import { asked, requireRole } from './admin-request.ts'
import type { Settings } from './settings.ts'

const schema = {
  params: { type: 'object', properties: { key: { type: 'string', pattern: '^[a-z][a-z0-9_.]{0,63}$' } } },
  body: { type: 'object', required: ['value'], additionalProperties: false, properties: { value: {} } },
} as const

export function settingRoutes(app: FastifyInstance, settings: Settings): void {
  app.put<{ Params: { key: string }; Body: { value: unknown } }>('/settings/:key', { schema }, async (request) => {
    const { key } = request.params
    requireRole(request, 'owner', 'manager')
    const before = settings.update(key, request.body.value)

    // The plain way: the change is made, then recorded. `true` means that the record survives a crash of this machine.
    const recorded = await auditLogger.logAction({
      ...asked(request),
      action: 'update_setting',
      targetType: 'setting',
      targetId: key,
      details: { before, after: request.body.value },
    })
    if (!recorded) request.log.warn({ key }, 'the audit record of this change is not confirmed')
    return { key, value: request.body.value, recorded }
  })
}
