import type { Context } from '@opentelemetry/api'
import { deliveryKey } from './audit-provider.ts'
import type { Call } from './call.ts'
import type { Slot } from './slot.ts'

/**
 * The caller's context with one provider's slot in it. It asks its parent for everything else, because the API's own
 * `setValue` copies a Map, and this happens once per record and provider.
 */
export class CallContext implements Context {
  readonly parent: Context
  readonly call: Call
  /** `undefined`: no provider's own, as enrichers see it. */
  readonly slot: Slot | undefined

  constructor(parent: Context, call: Call, slot: Slot | undefined) {
    this.parent = parent
    this.call = call
    this.slot = slot
  }

  getValue(key: symbol): unknown {
    return key === deliveryKey ? this.slot : this.parent.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#copy().setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    return this.#copy().deleteValue(key)
  }

  #copy(): Context {
    return this.parent.setValue(deliveryKey, this.slot)
  }
}
