import { AuditError } from '../errors.ts'
import { describe } from '../telemetry/describe-cause.ts'
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

/**
 * The place of a provider that is there already.
 *
 * @throws AuditError `bad_config` for an unknown durability: nobody could say what its yes is worth
 */
export function memberOf(provider: Backend, foreign: boolean): Member {
  const name = provider.auditBackend
  return {
    name,
    provider,
    durability: durabilityOf(name, provider.auditDurability),
    foreign,
    waiting: new Set(),
    lastFailure: undefined,
  }
}

/** True when more than one provider beside the journal takes the call: one of them must not change it for another. */
export function goesToSeveral(slots: readonly { readonly member: Member }[]): boolean {
  let foreign = 0
  for (const { member } of slots) if (member.foreign) foreign++
  return foreign > 1
}

const durabilities: readonly unknown[] = ['none', 'transaction', 'durable'] satisfies AuditProviderDurability[]

function durabilityOf(name: string, given: AuditProviderDurability | null | undefined): AuditProviderDurability {
  const durability = given ?? 'durable'
  if (durabilities.includes(durability)) return durability
  throw new AuditError(
    'bad_config',
    `Audit backend "${name}": auditDurability is "${describe(durability)}"; it must be "none", "transaction" or ` +
      '"durable" (absent: "durable")',
  )
}
