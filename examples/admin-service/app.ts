import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import fastify, { type FastifyInstance } from 'fastify'
import { auditLogger } from 'otel-audit'
import { identify } from './admin-request.ts'
import type { AppModule } from './modules.ts'
import { settingRoutes } from './setting-routes.ts'
import { Settings } from './settings.ts'
import { storeRoutes } from './store-routes.ts'
import { Stores } from './stores.ts'
import { userRoutes } from './user-routes.ts'
import { Users } from './users.ts'

export function buildApp(db: DatabaseSync, modules: readonly AppModule[]): FastifyInstance {
  const app = fastify({
    logger: { level: process.env['LOG_LEVEL'] ?? 'warn' },
    genReqId: (raw) => requestId(raw.headers['x-request-id']),
  })
  const users = new Users(db)

  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id)
    if (request.routeOptions.url === '/health') return
    request.admin = identify(request, users)
  })

  app.get('/health', (_request, reply) => {
    const audit = auditLogger.health()
    return reply.code(audit.status === 'failing' ? 503 : 200).send({ audit })
  })
  storeRoutes(app, new Stores(db))
  userRoutes(app, users)
  settingRoutes(app, new Settings(db))
  for (const module of modules) module.routes?.(app)
  return app
}

/** The caller's request ID if it is a sane one, else a new one. */
function requestId(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : randomUUID()
}
