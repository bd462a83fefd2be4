import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { ownValue } from './own-value.ts'

type Resource = ReadableLogRecord['resource']

const views = new WeakMap<Resource, Resource>()

/**
 * The Resource as providers get it. The caller's own is shared with the rest of its telemetry and with every later
 * record, and what its `attributes` gives can be written to; freezing that would be felt outside the audit trail.
 */
export function resourceView(resource: Resource): Resource {
  if (resource instanceof ResourceView) return resource
  let view = views.get(resource)
  if (view === undefined) views.set(resource, (view = new ResourceView(resource)))
  return view
}

class ResourceView implements Resource {
  readonly schemaUrl?: string
  readonly #resource: Resource
  #attributes: Resource['attributes'] | undefined

  constructor(resource: Resource) {
    this.#resource = resource
    if (resource.schemaUrl !== undefined) this.schemaUrl = resource.schemaUrl
    Object.freeze(this)
  }

  get asyncAttributesPending(): boolean {
    return this.#resource.asyncAttributesPending === true
  }

  get attributes(): Resource['attributes'] {
    if (this.#attributes !== undefined) return this.#attributes
    const attributes = ownValue(this.#resource.attributes)
    if (!this.asyncAttributesPending) this.#attributes = attributes
    return attributes
  }

  async waitForAsyncAttributes(): Promise<void> {
    await this.#resource.waitForAsyncAttributes?.()
  }

  merge(other: Resource | null): Resource {
    return this.#resource.merge(other)
  }

  getRawAttributes(): ReturnType<Resource['getRawAttributes']> {
    return this.#resource.getRawAttributes().map(([key, value]) => [key, ownValue(value)])
  }
}
