import type { FastifyRequest } from 'fastify'
import { DomainError, forbidden } from './domain-error.ts'
import type { Role, User, Users } from './users.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler runs. */
    admin: User
  }
}

/** The administrator behind a request. A real service checks a session or token here; the sample trusts a header. */
export function identify(request: FastifyRequest, users: Users): User {
  const id = String(request.headers['x-admin-user'] ?? '')
  const user = users.find(id)
  if (user?.active !== true) throw new DomainError(401, 'Unauthorized', 'send x-admin-user with an active admin user')
  return user
}

export function requireRole(request: FastifyRequest, ...allowed: Role[]): void {
  const { admin } = request
  if (!allowed.includes(admin.role))
    throw forbidden(`"${admin.id}" (${admin.role}) needs to be ${allowed.join(' or ')}`)
}

/** What every audit event of a request has in common. */
export function asked(request: FastifyRequest) {
  return {
    adminUserId: request.admin.id,
    actorName: request.admin.email,
    ipAddress: request.ip,
    userAgent: request.headers['user-agent'],
    requestId: request.id,
  }
}
