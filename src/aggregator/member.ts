import type { AuditError } from '../errors.ts'
import type { AuditProvider, AuditProviderDurability } from './audit-provider.ts'

/** A provider as the aggregator uses it; the journal's shutdown says more than the processor's. */
export interface Backend extends Omit<AuditProvider, 'shutdown'> {
  shutdown(): Promise<unknown>
}

/** One place for a provider in the aggregator: a provider given in code, or what a module's factory makes. */
export interface Member {
  /** The backend's name; for a module whose factory has not come back, `module <code>`. */
  name: string
  /** `undefined` while a module's factory is under way. */
  provider: Backend | undefined
  /** `undefined` while a module's factory is under way: it may turn out durable. */
  durability: AuditProviderDurability | undefined
  /** False for the journal, which keeps the process alive by itself as long as it has to. */
  readonly foreign: boolean
  /** Slots of calls that wait for the factory. */
  readonly waiting: Set<{ start(): void; drop(error: AuditError): void }>
  /** What the last call said; `undefined` = fine. */
  lastFailure: string | undefined
}

/** The place of a provider that is there already. */
export function memberOf(provider: Backend, foreign: boolean): Member {
  return {
    name: provider.auditBackend,
    provider,
    durability: provider.auditDurability ?? 'durable',
    foreign,
    waiting: new Set(),
    lastFailure: undefined,
  }
}
