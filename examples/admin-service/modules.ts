import type { FastifyInstance } from 'fastify'
import type { ModuleDefinition } from 'otel-audit'
import { monitoringModule } from './monitoring/module.ts'

/** A module of this service: what otel-audit needs to know of it, and what the service itself needs. */
export interface AppModule extends ModuleDefinition {
  routes?(app: FastifyInstance): void
}

export const modules: readonly AppModule[] = [monitoringModule, { code: 'reports', enabled: false }]
