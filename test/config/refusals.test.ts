import { expect, it } from 'vitest'
import { resolveConfig } from '../../src/config.ts'
import { isAuditError } from '../../src/errors.ts'
import { FakeProvider } from '../aggregator/fake-provider.ts'

function refusal(options: unknown, env: Record<string, string> = {}): string {
  try {
    resolveConfig(options, env)
  } catch (error) {
    if (isAuditError(error) && error.code === 'bad_config') return error.message
    throw error
  }
  throw new Error('expected bad_config')
}

it.each([
  [{ jurnal: {} }, 'unknown option jurnal; did you mean journal?'],
  [{ journal: { directory: 'x' } }, 'unknown option journal.directory'],
  [{ journal: { segmentMaxByte: 1 } }, 'did you mean journal.segmentMaxBytes?'],
  [{ collector: { timeout: 1 } }, 'unknown option collector.timeout'],
  [{ collector: { tls: { ca: 'x' } } }, 'unknown option collector.tls.ca; did you mean collector.tls.caFile?'],
  [{ redact: { key: [] } }, 'did you mean redact.keys?'],
  [{ constructor: 1 }, 'unknown option constructor'],
  [JSON.parse('{"__proto__":1}'), 'unknown option __proto__'],
])('an unknown option is refused with the nearest known one (%j)', (options, message) => {
  expect(refusal(options)).toContain(message)
})

it.each([
  'maxQueueSize',
  'sampler',
  'samplingRatio',
  'filter',
  'level',
  'maxRetries',
  'logRecordLimits',
  'attributeCountLimit',
])('%s is refused with the reason, because it would lose records (rule P1)', (name) => {
  expect(refusal({ [name]: 1 })).toMatch(
    new RegExp(`^${name} is refused: .*would lose (parts of )?records because .*P1`),
  )
  const variable = `AUDIT_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`
  expect(refusal({}, { [variable]: '1' })).toContain(`${variable} is refused`)
})

it('a full queue may wait or refuse, never drop', () => {
  expect(refusal({ onQueueFull: 'dropOldest' })).toContain('would lose records because it drops')
  expect(refusal({}, { AUDIT_ON_QUEUE_FULL: 'maybe' })).toContain('must be "block" or "refuse", not "maybe"')
  expect(refusal({ journal: { fsync: false } })).toContain('journal.fsync is refused')
})

it.each(['signing', 'catalog'])('%s is not available in this version', (name) => {
  expect(refusal({ [name]: {} })).toBe(`${name} is not available in this version`)
})

it.each([
  [{ journal: 'dir' }, 'journal must be an object of settings or false, not "dir"'],
  [{ collector: 'http://c' }, 'collector must be an object of settings or false'],
  [{ journal: { dir: '' } }, 'journal.dir must be a non-empty string'],
  [{ journal: { dir: 7 } }, 'journal.dir must be a non-empty string, not 7'],
  [
    { journal: { segmentMaxBytes: 10 } },
    'journal.segmentMaxBytes must be a whole number of bytes of at least 1024, not 10',
  ],
  [{ journal: { segmentMaxBytes: '64MB' } }, 'journal.segmentMaxBytes must be a whole number of bytes'],
  [{ journal: { retain: '7 weeks' } }, 'such as "7d", or "forever", not "7 weeks"'],
  [{ journal: { retain: -1 } }, 'journal.retain must be milliseconds'],
  [{ journal: { allowNetworkFileSystem: 'yes' } }, 'must be true or false, not "yes"'],
  [{ providerTimeoutMillis: 0 }, 'providerTimeoutMillis must be a whole number of milliseconds of at least 1, not 0'],
  [{ providerTimeoutMillis: Infinity }, 'providerTimeoutMillis must be a whole number'],
  [{ maxRecordBytes: 100 }, 'maxRecordBytes must be a whole number of bytes of at least 65536'],
  [{ collector: { compression: 'br' } }, 'collector.compression must be "none" or "gzip", not "br"'],
  [{ collector: { initialBackoffMillis: 10, maxBackoffMillis: 5 } }, 'collector.maxBackoffMillis must not be less'],
  [{ collector: { headers: 'a=b' } }, 'collector.headers must be an object of strings or a function'],
  [{ redact: { keys: [1] } }, 'redact.keys must be a list of names'],
  [{ providers: {} }, 'providers must be a list'],
  [{ providers: [{ auditBackend: 'x' }] }, 'providers[0] is no audit provider'],
  [{ providers: [new FakeProvider('Bad Name')] }, 'providers[0] is no audit provider'],
  [{ providers: [new FakeProvider('a'), new FakeProvider('a')] }, 'two providers are named "a"'],
  [{ providers: [new FakeProvider('journal')] }, 'journal: false leaves it out'],
  [{ enrichers: [{}] }, 'enrichers[0] is no LogRecordProcessor'],
  [{ modules: 7 }, 'modules must be a list of modules or a function'],
  [{ confirmBy: [] }, 'confirmBy must not be an empty list'],
  [{ confirmBy: ['jornal'] }, 'did you mean "journal"?'],
  [{ confirmBy: 'everything' }, 'confirmBy names the backend "everything", which is not configured'],
  [{ onProblem: {} }, 'onProblem must be a function'],
  [{ shutdownOnSignals: ['SIGKILL'] }, '"SIGKILL" is not a signal that can be caught'],
  [{ shutdownOnSignals: ['TERM'] }, '"TERM" is not a signal'],
  [{ resource: 'shop' }, 'resource must be an OpenTelemetry Resource'],
  [{ serviceName: 7 }, 'serviceName must be a non-empty string'],
  [{ journal: false }, 'nothing would keep a record'],
  [null, 'options must be an object, not null'],
  [[], 'options must be an object'],
])('a value that cannot be meant is refused (%#)', (options, message) => {
  expect(refusal(options)).toContain(message)
})

it.each([
  [{ AUDIT_PROVIDER_TIMEOUT_MILLIS: '5s' }, 'AUDIT_PROVIDER_TIMEOUT_MILLIS must be a whole number, not "5s"'],
  [
    { AUDIT_JOURNAL_SEGMENT_MAX_BYTES: '1' },
    'AUDIT_JOURNAL_SEGMENT_MAX_BYTES must be a whole number of bytes of at least',
  ],
  [{ AUDIT_REDACT: 'maybe' }, 'AUDIT_REDACT must be true or false'],
  [{ AUDIT_JOURNAL_RETAIN: 'long' }, 'AUDIT_JOURNAL_RETAIN must be milliseconds'],
])('a variable that cannot be meant is refused by its name (%j)', (env, message) => {
  expect(refusal({}, env)).toContain(message)
})

it('an unknown AUDIT_ variable is a warning that names the nearest known one', () => {
  const { warnings } = resolveConfig({}, { AUDIT_JOURNAL_DIRR: 'x', AUDIT_SOMETHING_ELSE: 'y', OTHER: 'z' })
  expect(warnings).toEqual([
    {
      code: 'unknown_variable',
      message: 'Unknown environment variable AUDIT_JOURNAL_DIRR: did you mean AUDIT_JOURNAL_DIR? It is ignored',
    },
    { code: 'unknown_variable', message: 'Unknown environment variable AUDIT_SOMETHING_ELSE: it is ignored' },
  ])
})

it('confirmBy may name backends that modules bring later', () => {
  expect(resolveConfig({ confirmBy: ['elastic'], modules: [] }, {}).confirmBy).toEqual(['elastic'])
})
