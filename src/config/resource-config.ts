import { defaultResource, resourceFromAttributes, type Resource } from '@opentelemetry/resources'
import type { Attributes } from '@opentelemetry/api'
import type { AuditProblem } from '../errors.ts'
import { describe } from '../telemetry/describe-cause.ts'
import type { SettingReader } from './setting-reader.ts'
import { badConfig, parsePairs, show } from './setting-value.ts'

/** Any OpenTelemetry Resource, of whichever copy of the package, or plain attributes in that shape. */
export type ResourceLike = Resource | { readonly attributes: Attributes }

const serviceNameKey = 'service.name'

/**
 * The Resource of the trail. One given in code is kept as it is, so that it stays the very one of NodeSDK; only a
 * missing `service.name` is filled in, and `serviceName` in code goes over it.
 *
 * @throws AuditError `bad_config`
 */
export function resourceConfig(reader: SettingReader, warn: (problem: Omit<AuditProblem, 'count'>) => void): Resource {
  const name = reader.find('serviceName')
  const given = givenResource(reader.given('resource'))
  if (given === undefined) {
    const base = defaultResource().merge(resourceFromAttributes(environmentAttributes(reader, warn)))
    return name.value === undefined ? base : withName(base, name.value)
  }
  if (name.source === 'code') return withName(given, name.value)
  if (given.attributes[serviceNameKey] !== undefined) return given
  return name.value === undefined ? defaultResource().merge(given) : withName(given, name.value)
}

function withName(resource: Resource, name: unknown): Resource {
  return resource.merge(resourceFromAttributes({ [serviceNameKey]: String(name) }))
}

function givenResource(given: unknown): Resource | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'object' && given !== null && 'attributes' in given) {
    const { attributes } = given
    if (isResource(given)) return given
    if (typeof attributes === 'object' && attributes !== null) return resourceFromAttributes(attributes as Attributes)
  }
  throw badConfig(`resource must be an OpenTelemetry Resource or { attributes }, not ${show(given)}`)
}

/** By shape: several copies of the package in one tree are normal. */
function isResource(value: object): value is Resource {
  return typeof (value as Partial<Resource>).merge === 'function'
}

/** OpenTelemetry: a value that cannot be read is discarded as a whole, and that is said. */
function environmentAttributes(
  reader: SettingReader,
  warn: (problem: Omit<AuditProblem, 'count'>) => void,
): Attributes {
  const variable = 'OTEL_RESOURCE_ATTRIBUTES'
  const text = reader.variable(variable)
  if (text === undefined) return {}
  try {
    return parsePairs(text, variable)
  } catch (cause) {
    warn({ code: 'bad_config', message: `${describe(cause)}; the whole variable is ignored`, cause })
    return {}
  }
}
