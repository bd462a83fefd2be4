import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { at, isTree, leaves, root, strings, yaml, type Tree } from './files.ts'

const compose = yaml('docker-compose.yml')
const services = Object.entries(at(compose, 'services')).filter((entry): entry is [string, Tree] => isTree(entry[1]))
const volumes = Object.keys(at(compose, 'volumes'))

const service = (name: string): Tree => at(compose, 'services', name)
const mounts = (of: Tree): string[][] => strings(of['volumes'] ?? []).map((mount) => mount.split(':'))

/** Ran to their end, or whose image holds nothing that could ask; the latter are asked by stack-health. */
const checkedFromOutside = ['collector', 'tempo']
const oneShot = ['volume-owner']

describe('docker-compose.yml', () => {
  it('brings up the sample service, Collector, Loki, Tempo and Grafana', () => {
    expect(services.map(([name]) => name)).toEqual(
      expect.arrayContaining(['admin-service', 'collector', 'loki', 'tempo', 'grafana']),
    )
  })

  it.each(services)('%s: its image has a fixed tag', (name, each) => {
    expect(String(each['image'])).toMatch(name === 'admin-service' ? /:local$/ : /^[\w./-]+:v?\d+\.\d+\.\d+$/)
  })

  it.each(services)('%s: what it mounts exists, read-only, or is a named volume', (_name, each) => {
    for (const [from = '', , mode] of mounts(each)) {
      if (from.startsWith('./')) {
        expect(existsSync(join(root, from)), from).toBe(true)
        expect(mode).toBe('ro')
      } else expect(volumes).toContain(from)
    }
  })

  it.each(services)('%s: its ports are open to this machine only', (_name, each) => {
    for (const port of strings(each['ports'] ?? [])) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  it.each(services.filter(([name]) => !oneShot.includes(name)))(
    '%s: has a health check that its image can run',
    (name, each) => {
      if (!checkedFromOutside.includes(name)) return expect(each['healthcheck']).toHaveProperty('test')
      expect(each).not.toHaveProperty('healthcheck')
      const [, script = ''] = strings(at(service('stack-health'), 'healthcheck')['test'])
      expect(script).toContain(`http://${name}:`)
    },
  )

  it.each(services)('%s: depends on services that are there, healthy only where a check exists', (_name, each) => {
    for (const [other, condition] of Object.entries(isTree(each['depends_on']) ? each['depends_on'] : {})) {
      const needed = isTree(condition) ? condition['condition'] : undefined
      if (needed === 'service_healthy') expect(service(other)).toHaveProperty('healthcheck')
      else if (oneShot.includes(other)) expect(needed).toBe('service_completed_successfully')
      else expect(needed).toBe('service_started')
    }
  })

  it('publishes no port twice', () => {
    const published = services.flatMap(([, each]) =>
      strings(each['ports'] ?? []).map((port) => /(\d+)\}?:\d+$/.exec(port)?.[1]),
    )
    expect(new Set(published).size).toBe(published.length)
  })

  it('keeps journal and Collector queue on volumes', () => {
    const [[from, to] = []] = mounts(service('admin-service'))
    expect([from, to]).toEqual(['admin-service', '/var/lib/admin-service'])
    const environment = at(service('admin-service'), 'environment')
    expect(environment['AUDIT_JOURNAL_DIR']).toMatch(/^\/var\/lib\/admin-service\//)
    expect(mounts(service('collector'))).toContainEqual([
      'collector',
      at(service('collector'), 'environment')['AUDIT_COLLECTOR_DIR'],
    ])
  })

  it('runs the Collector of the line that is built and tested here', () => {
    const manifest = yaml('deploy/collector/build/manifest.yaml')
    expect(service('collector')['image']).toBe(
      `otel/opentelemetry-collector-contrib:${String(at(manifest, 'dist')['version'])}`,
    )
  })

  it('sets only variables that the Collector configuration reads', () => {
    const read = ['collector-config.yaml', 'deploy/collector/traces.yaml'].flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/\$\{env:(\w+)/g)].map(([, name]) => name),
    )
    for (const name of Object.keys(at(service('collector'), 'environment'))) expect(read).toContain(name)
  })

  it('sends audit records to the audit endpoint and traces to the other one', () => {
    const environment = at(service('admin-service'), 'environment')
    expect(environment['AUDIT_COLLECTOR_URL']).toBe('http://collector:4318')
    expect(environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']).toBe('http://collector:4328/v1/traces')
  })

  it('builds the service from files that are in its build context', () => {
    const ignore = readFileSync(join(root, 'deploy/sample-service/Dockerfile.dockerignore'), 'utf8')
    const copied = [
      ...readFileSync(join(root, 'deploy/sample-service/Dockerfile'), 'utf8').matchAll(/^COPY (.+) \S+$/gm),
    ].flatMap(([, sources = '']) => sources.split(' '))
    expect(copied.length).toBeGreaterThan(3)
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).toBe(true)
      expect(ignore).toContain(`!${path}\n`)
    }
    expect(existsSync(join(root, 'examples/admin-service/main.ts'))).toBe(true)
  })

  it('gives each volume to the user of the image that writes to it', () => {
    const script = strings(service('volume-owner')['command']).join(' ')
    for (const volume of volumes) expect(script).toContain(`/v/${volume}`)
    for (const [name, each] of services) {
      if (mounts(each).some(([from = '']) => volumes.includes(from)) && name !== 'volume-owner') {
        expect(Object.keys(at(each, 'depends_on'))).toContain('volume-owner')
      }
    }
  })
})

describe('Loki', () => {
  const loki = yaml('deploy/loki/loki.yaml')

  it('takes late records, large lines and many attributes', () => {
    const limits = at(loki, 'limits_config')
    expect(limits).toMatchObject({
      reject_old_samples: false,
      allow_structured_metadata: true,
      max_line_size_truncate: false,
    })
    expect(limits['max_line_size']).toBeGreaterThanOrEqual(1_048_576)
    expect(limits['max_structured_metadata_size']).toBeGreaterThan(65_536)
    expect(limits['max_structured_metadata_entries_count']).toBeGreaterThan(128)
    expect(at(loki, 'ingester')['max_chunk_age']).toBe('48h')
    expect(at(loki, 'querier')['query_ingesters_within']).toBe(0)
  })

  it('makes labels of what names the source, never of who or what', () => {
    const attributes = at(loki, 'limits_config', 'otlp_config', 'resource_attributes')
    expect(attributes['ignore_defaults']).toBe(true)
    const labels = [...leaves(attributes['attributes_config'])]
      .filter(([path]) => path.includes('attributes'))
      .map(([, name]) => name)
    expect(labels).toEqual(['service.name', 'service.namespace', 'deployment.environment.name'])
    expect(at(loki, 'limits_config', 'otlp_config')).not.toHaveProperty('log_attributes')
  })

  it('takes requests as large as the Collector makes them', () => {
    const largest = at(yaml('collector-config.yaml'), 'exporters', 'otlp_http/loki', 'sending_queue', 'batch')[
      'max_size'
    ]
    expect(at(loki, 'server')['grpc_server_max_recv_msg_size']).toBeGreaterThan(2 * Number(largest))
  })
})
