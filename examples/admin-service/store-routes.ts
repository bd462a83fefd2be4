import type { FastifyInstance } from 'fastify'
import { auditLogger } from 'otel-audit'
import { asked, requireRole } from './admin-request.ts'
import type { Stores } from './stores.ts'

const storeBody = {
  type: 'object',
  required: ['name', 'currency'],
  additionalProperties: false,
  properties: { name: { type: 'string', minLength: 1, maxLength: 100 }, currency: { type: 'string' } },
} as const

export function storeRoutes(app: FastifyInstance, stores: Stores): void {
  app.get('/stores', () => stores.list())

  app.post<{ Body: { name: string; currency: string } }>(
    '/stores',
    { schema: { body: storeBody } },
    (request, reply) => {
      const { name, currency } = request.body
      return auditLogger.track(
        (store?: { id: number }) => ({
          ...asked(request),
          action: 'create_store',
          targetType: 'store',
          targetId: store?.id ?? 'new',
          targetName: name,
          details: { currency },
        }),
        () => {
          requireRole(request, 'owner', 'manager')
          const store = stores.create(name, currency)
          void reply.code(201)
          return store
        },
      )
    },
  )

  app.post<{ Params: { id: number }; Body: { reason?: string } | null }>(
    '/stores/:id/close',
    { schema: { params: { type: 'object', properties: { id: { type: 'integer' } } } } },
    (request) =>
      auditLogger.track(
        {
          ...asked(request),
          action: 'close_store',
          targetType: 'store',
          targetId: request.params.id,
          details: { reason: request.body?.reason },
        },
        () => {
          requireRole(request, 'owner')
          return stores.close(request.params.id)
        },
      ),
  )
}
