import { AuditError } from '../errors.ts'

const registryKey = Symbol.for('otel-audit/owners')

type Owners = WeakMap<object, object>

/** Any provider, in either shape. */
export interface Owned {
  readonly auditBackend: string
}

/** One registry per process, whichever copy of the package asks. */
function owners(): Owners {
  const holder = globalThis as { [registryKey]?: Owners | undefined }
  return (holder[registryKey] ??= new WeakMap())
}

/**
 * Makes `owner` the one logger that a provider object belongs to: with two, the first to shut down would close it for
 * the other.
 *
 * @throws AuditError `already_owned`
 */
export function claim(provider: Owned, owner: object): void {
  const holder = owners().get(provider)
  if (holder !== undefined && holder !== owner) {
    throw new AuditError(
      'already_owned',
      `Audit provider "${provider.auditBackend}" already belongs to another audit logger; make one object for each`,
    )
  }
  owners().set(provider, owner)
}

/** After shutdown the object is free again. */
export function release(provider: Owned, owner: object): void {
  if (owners().get(provider) === owner) owners().delete(provider)
}
