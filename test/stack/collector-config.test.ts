import { describe, expect, it } from 'vitest'
import { at, filesBelow, isTree, leaves, list, strings, yaml, type Tree } from './files.ts'

const config = yaml('collector-config.yaml')
const recipes = filesBelow('deploy/collector', /^[\w-]+\.yaml$/)
const pipeline = at(config, 'service', 'pipelines', 'logs/audit')

/** Exporters that keep nothing of their own between receiver and far end. */
const withoutQueue = new Set(['file', 'debug'])
const exportersOf = (tree: Tree): [string, Tree][] =>
  Object.entries(isTree(tree['exporters']) ? tree['exporters'] : {}).filter((entry): entry is [string, Tree] =>
    isTree(entry[1]),
  )

describe('the audit pipeline of collector-config.yaml', () => {
  it('is dedicated: its own receiver, nothing in front of the queues, exporters from one variable', () => {
    expect(Object.keys(at(config, 'service', 'pipelines'))).toEqual(['logs/audit'])
    expect(strings(pipeline['receivers'])).toEqual(['otlp/audit'])
    expect(pipeline).not.toHaveProperty('processors')
    expect(pipeline['exporters']).toBe('${env:AUDIT_EXPORTERS:-[file]}')
  })

  it('offers Loki, an OTLP vendor, a file and debug', () => {
    expect(exportersOf(config).map(([name]) => name)).toEqual(['otlp_http/loki', 'otlp_http/vendor', 'file', 'debug'])
  })

  it('queues on a disk that is fsynced', () => {
    expect(at(config, 'extensions', 'file_storage')).toMatchObject({ fsync: true, create_directory: true })
    expect(strings(at(config, 'service')['extensions'])).toContain('file_storage')
  })

  it('writes every line to the file before it answers, and never deletes one', () => {
    expect(at(config, 'exporters', 'file')['rotation']).toMatchObject({ max_backups: 0 })
  })
})

describe.each([['collector-config.yaml'], ...recipes.map((path) => [path])])('%s', (path) => {
  const tree = yaml(path)
  const queued = exportersOf(tree).filter(
    ([name]) => !withoutQueue.has(name) && path !== 'deploy/collector/traces.yaml',
  )

  it.each(queued)(
    '%s never drops: durable queue that blocks when it is full, retries without end',
    (_name, exporter) => {
      expect(exporter['sending_queue']).toMatchObject({
        storage: 'file_storage',
        block_on_overflow: true,
        num_consumers: 1,
      })
      const elastic = isTree(exporter['retry']) ? exporter['retry'] : undefined
      if (elastic === undefined)
        expect(exporter['retry_on_failure']).toMatchObject({ enabled: true, max_elapsed_time: 0 })
      else expect(elastic['max_retries']).toBeGreaterThanOrEqual(1_000_000)
    },
  )

  it('uses no name that the Collector deprecates, and holds no secret of its own', () => {
    for (const [name] of exportersOf(tree)) expect(name).not.toMatch(/^(otlp|otlphttp)(\/|$)/)
    for (const [where, text] of leaves(tree)) {
      if (/(token|api_key|password|authorization)/i.test(where)) expect(text, where).toMatch(/\$\{env:|bearertokenauth/)
    }
  })

  it('listens on this machine only unless told otherwise', () => {
    for (const [where, text] of leaves(tree['receivers'])) {
      if (where.endsWith('.endpoint')) expect(text).toMatch(/^\$\{env:[A-Z_]+:-localhost:\d+\}$/)
    }
  })

  it('names only parts that exist here or in collector-config.yaml', () => {
    const known = (kind: string): string[] =>
      [config, tree].flatMap((from) => Object.keys(isTree(from[kind]) ? from[kind] : {}))
    const service = isTree(tree['service']) ? tree['service'] : {}
    for (const name of list(service['extensions'] ?? [])) expect(known('extensions')).toContain(name)
    for (const each of Object.values(isTree(service['pipelines']) ? service['pipelines'] : {})) {
      for (const kind of ['receivers', 'processors', 'exporters'] as const) {
        const names = isTree(each) ? each[kind] : undefined
        if (!Array.isArray(names)) continue
        for (const name of strings(names)) expect([...known(kind), ...known('connectors')]).toContain(name)
      }
    }
  })
})

describe('recipes', () => {
  it('are there for TLS and token, gRPC, Elasticsearch, CloudWatch, Kafka and traces', () => {
    const names = recipes.map((path) => path.replace(/^.*\/|\.yaml$/g, '')).sort()
    expect(names).toEqual(['cloudwatch', 'elasticsearch', 'kafka', 'otlp-grpc', 'tls-and-token', 'traces'])
  })

  it('keep traces on another port and away from the audit exporters', () => {
    const traces = yaml('deploy/collector/traces.yaml')
    expect(Object.keys(at(traces, 'service', 'pipelines'))).toEqual(['traces'])
    const endpoints = [config, traces].flatMap((tree) =>
      [...leaves(tree['receivers'])].map(([, text]) => /\d+\}$/.exec(text)?.[0]),
    )
    expect(new Set(endpoints).size).toBe(2)
  })
})
