import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { resolveConfig } from '../../src/config.ts'
import { collectorProcessVariables } from '../../src/config/collector-process-variables.ts'
import { settingsTable } from '../../src/config/settings-table.ts'

const root = join(import.meta.dirname, '../..')
const messages = (options: object, env: Record<string, string>): string[] =>
  resolveConfig(options, env).warnings.map(({ message }) => message)

it('the list is what collector-config.yaml, its recipes and docker-compose.yml use, and no more', () => {
  const deploy = readdirSync(join(root, 'deploy'), { recursive: true, encoding: 'utf8' })
  const files = deploy.filter((name) => name.endsWith('.yaml')).map((name) => join('deploy', name))
  const texts = ['collector-config.yaml', 'docker-compose.yml', ...files].map((name) =>
    readFileSync(join(root, name), 'utf8'),
  )
  const used = new Set(texts.flatMap((text) => text.match(/\bAUDIT_[A-Z_]*[A-Z]\b/g) ?? []))
  for (const { variable } of settingsTable) if (variable !== undefined) used.delete(variable)
  expect([...collectorProcessVariables]).toEqual([...used].sort())
})

it('they are no unknown ones, but others with the same beginning are', () => {
  const env = Object.fromEntries(collectorProcessVariables.map((name) => [name, 'x']))
  expect(messages({}, { ...env, AUDIT_COLLECTOR_URL: 'http://c' })).toEqual([])
  for (const name of ['AUDIT_TLS_CA_FILE', 'AUDIT_VENDOR_TOKEN', 'AUDIT_LOKI_URL', 'AUDIT_DEBUG_LEVEL']) {
    expect(messages({}, { [name]: 'x' })).toEqual([expect.stringContaining(`Unknown environment variable ${name}: `)])
  }
})

const misplaced = { AUDIT_COLLECTOR_ENDPOINT: 'http://me:secret@collector:4318' }

it('AUDIT_COLLECTOR_ENDPOINT is a warning where records go to the default address because of it', () => {
  expect(resolveConfig({}, misplaced).warnings).toEqual([
    {
      code: 'unknown_variable',
      message:
        'AUDIT_COLLECTOR_ENDPOINT is where the Collector itself listens; records go to http://localhost:4318, ' +
        'the default: did you mean AUDIT_COLLECTOR_URL?',
    },
  ])
  expect(messages({ collector: { timeoutMillis: 1_000 } }, misplaced)).toHaveLength(1)
})

it.each([
  [{}, { AUDIT_COLLECTOR_URL: 'http://collector:4318' }],
  [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }],
  [{ collector: { url: 'http://localhost:4318' } }, {}],
  [{ collector: false }, {}],
  [{}, { AUDIT_COLLECTOR: 'none' }],
  [{ journal: false, modules: [] }, {}],
  [{}, { AUDIT_COLLECTOR_ENDPOINT: '' }],
])('and none where nothing goes there, or where somebody chose it (%j %j)', (options, env) => {
  expect(messages(options, { ...misplaced, ...env })).toEqual([])
})
