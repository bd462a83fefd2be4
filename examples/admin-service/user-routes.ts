import type { FastifyInstance } from 'fastify'
import { auditLogger } from 'otel-audit'
import { asked, requireRole } from './admin-request.ts'
import { roles, type Role, type Users } from './users.ts'

const id = { type: 'string', pattern: '^[a-z][a-z0-9-]{0,31}$' } as const
const role = { enum: roles } as const
const params = { type: 'object', properties: { id } } as const
const inviteBody = {
  type: 'object',
  required: ['id', 'email', 'role'],
  additionalProperties: false,
  properties: { id, email: { type: 'string', pattern: '^[^@\\s]+@[^@\\s]+$' }, role },
} as const
const roleBody = { type: 'object', required: ['role'], additionalProperties: false, properties: { role } } as const

export function userRoutes(app: FastifyInstance, users: Users): void {
  app.get('/users', () => users.list())

  app.post<{ Body: { id: string; email: string; role: Role } }>(
    '/users',
    { schema: { body: inviteBody } },
    (request, reply) => {
      const { id, email, role } = request.body
      return auditLogger.track(
        {
          ...asked(request),
          action: 'invite_user',
          targetType: 'user',
          targetId: id,
          targetName: email,
          details: { role },
        },
        () => {
          requireRole(request, 'owner')
          const user = users.invite(id, email, role)
          void reply.code(201)
          return user
        },
      )
    },
  )

  app.put<{ Params: { id: string }; Body: { role: Role } }>(
    '/users/:id/role',
    { schema: { params, body: roleBody } },
    (request) => {
      const { id } = request.params
      return auditLogger.track(
        {
          ...asked(request),
          action: 'change_role',
          targetType: 'user',
          targetId: id,
          details: { from: users.find(id)?.role, to: request.body.role },
        },
        () => {
          requireRole(request, 'owner')
          return users.changeRole(id, request.body.role)
        },
      )
    },
  )

  app.delete<{ Params: { id: string } }>('/users/:id', { schema: { params } }, (request) =>
    auditLogger.track(
      { ...asked(request), action: 'deactivate_user', targetType: 'user', targetId: request.params.id },
      () => {
        requireRole(request, 'owner')
        return users.deactivate(request.params.id)
      },
    ),
  )
}
