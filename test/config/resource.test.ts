import { resourceFromAttributes } from '@opentelemetry/resources'
import { expect, it } from 'vitest'
import { resolveConfig } from '../../src/config.ts'

const attributes = (options: object, env: Record<string, string> = {}) =>
  resolveConfig(options, env).resource.attributes

it('without a resource it is made of OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME and the SDK defaults', () => {
  const env = {
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=low,team=a%2Cb, deployment.environment.name = prod',
    OTEL_SERVICE_NAME: 'shop',
  }
  expect(attributes({}, env)).toMatchObject({
    'service.name': 'shop',
    team: 'a,b',
    'deployment.environment.name': 'prod',
    'telemetry.sdk.language': 'nodejs',
  })
  expect(attributes({}, { ...env, AUDIT_SERVICE_NAME: 'audited' })['service.name']).toBe('audited')
  expect(attributes({ serviceName: 'code' }, env)['service.name']).toBe('code')
})

it('a given resource stays the very object, so that traces and records share it', () => {
  const resource = resourceFromAttributes({ 'service.name': 'shop' })
  expect(resolveConfig({ resource }, { OTEL_SERVICE_NAME: 'other' }).resource).toBe(resource)
})

it('serviceName goes over a given resource, and a missing service.name is filled in', () => {
  const resource = resourceFromAttributes({ 'service.name': 'shop', a: 1 })
  expect(attributes({ resource, serviceName: 'code' })).toEqual({ 'service.name': 'code', a: 1 })
  const nameless = resourceFromAttributes({ a: 1 })
  expect(attributes({ resource: nameless }, { OTEL_SERVICE_NAME: 'env' })).toEqual({ 'service.name': 'env', a: 1 })
  expect(attributes({ resource: nameless })['service.name']).toMatch(/^unknown_service/)
})

it('plain attributes in the shape of a resource will do', () => {
  expect(attributes({ resource: { attributes: { 'service.name': 'plain' } } })).toEqual({ 'service.name': 'plain' })
})

it('resource attributes that cannot be read are discarded as a whole, and that is said', () => {
  const { resource, warnings } = resolveConfig({}, { OTEL_RESOURCE_ATTRIBUTES: 'a=1,broken' })
  expect(resource.attributes).not.toHaveProperty('a')
  expect(warnings).toMatchObject([{ code: 'bad_config' }])
  expect(warnings[0]?.message).toContain('OTEL_RESOURCE_ATTRIBUTES must read key=value')
})
