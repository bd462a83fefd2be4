import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { auditLogger, getAuditLogger, memoryProvider, setAuditLogger } from '../../src/index.ts'
import { event, FakeProvider } from './fake-provider.ts'
import { makeLogger, rejection } from './make-logger.ts'

const key = Symbol.for('otel-audit/v1')

let warnings: unknown[][] = []

beforeEach(() => {
  Reflect.deleteProperty(globalThis, key)
  warnings = []
  vi.spyOn(process, 'emitWarning').mockImplementation((...call: unknown[]) => void warnings.push(call))
})
afterEach(() => {
  Reflect.deleteProperty(globalThis, key)
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

it('setAuditLogger installs what the façade delegates to and returns the undo', async () => {
  const [one, two] = [new FakeProvider('one'), new FakeProvider('two')]
  const first = makeLogger({ providers: [one] }).logger
  const undoFirst = setAuditLogger(first)
  const undoSecond = setAuditLogger({ journal: false, providers: [two] })
  await auditLogger.logAction(event)
  expect([one.seen.length, two.seen.length]).toEqual([0, 1])
  undoSecond()
  undoSecond()
  expect(getAuditLogger()).toBe(first)
  expect((await auditLogger.emit(event)).backends).toHaveProperty('one')
  undoFirst()
  expect(getAuditLogger()).not.toBe(first)
})

it('the undo of options shuts that logger down; the undo of a logger leaves it to its owner', async () => {
  const own = makeLogger({ providers: [new FakeProvider('own')] }).logger
  setAuditLogger(own)()
  expect(await own.logAction(event)).toBe(true)
  const made = new FakeProvider('made')
  setAuditLogger({ journal: false, providers: [made] })()
  await vi.waitFor(() => expect(made.closed).toBe(1))
})

it('undoing in another order leaves the newest that is still installed', () => {
  const [one, two] = [1, 2].map((n) => makeLogger({ providers: [new FakeProvider(`p${n}`)] }).logger)
  const undoOne = setAuditLogger(one!)
  setAuditLogger(two!)
  undoOne()
  expect(getAuditLogger()).toBe(two)
})

it('all copies of the package share the installed logger', async () => {
  vi.resetModules()
  const other = await import('../../src/index.ts')
  expect(other.auditLogger).not.toBe(auditLogger)
  const disk = new FakeProvider('disk')
  setAuditLogger(makeLogger({ providers: [disk] }).logger)
  expect(await other.auditLogger.logAction(event)).toBe(true)
  expect(disk.seen).toHaveLength(1)
})

it('under a test runner with nothing configured records stay in memory, and that is said once', async () => {
  vi.stubEnv('AUDIT_JOURNAL_DIR', '')
  vi.resetModules()
  const fresh = await import('../../src/index.ts')
  expect(await fresh.auditLogger.logAction(event)).toBe(true)
  expect((await fresh.auditLogger.emit(event)).durability).toBe('memory')
  expect(warnings.map(([, options]) => options)).toEqual([{ type: 'AuditWarning', code: 'in_memory' }])
})

it('an environment that cannot be makes logAction false, emit bad_config, and health failing', async () => {
  vi.stubEnv('AUDIT_COLLECTOR_URL', 'ftp://nowhere')
  expect(await auditLogger.logAction(event)).toBe(false)
  const error = await rejection(auditLogger.emit(event))
  expect(error.code).toBe('bad_config')
  expect(error.message).toContain('AUDIT_COLLECTOR_URL must be an http: or https: address')
  expect(auditLogger.health()).toMatchObject({ status: 'failing', reasons: [error.message] })
  expect(await auditLogger.track(event, () => 'done')).toBe('done')
})

it('shutting down the façade before anything was recorded makes no logger', async () => {
  expect(await auditLogger.shutdown()).toEqual({ undelivered: 0 })
  expect(Reflect.get(globalThis, key)).toEqual({ installed: [] })
})

it('every method reaches the installed logger', async () => {
  const memory = memoryProvider()
  setAuditLogger({ journal: false, providers: [memory] })
  await auditLogger.ready()
  await auditLogger.forceFlush()
  expect(await auditLogger.drain()).toEqual({ undelivered: 0 })
  expect(await auditLogger.track(event, () => 3)).toBe(3)
  expect(auditLogger.health().backends).toEqual({ memory: { status: 'ok' } })
  await auditLogger[Symbol.asyncDispose]()
  expect(await auditLogger.logAction(event)).toBe(false)
})

it('outside a test runner the façade makes its logger of the environment at the first call', () => {
  const source = `
    import { mkdtempSync, readdirSync } from 'node:fs'
    const dir = mkdtempSync('/tmp/audit-facade-')
    process.env.AUDIT_JOURNAL_DIR = dir
    process.env.AUDIT_COLLECTOR = 'none'
    const { auditLogger } = await import('./src/index.ts')
    const before = readdirSync(dir).length
    const ok = await auditLogger.logAction({ adminUserId: 1, action: 'a', targetType: 't', targetId: 1 })
    console.log(JSON.stringify([before, ok, readdirSync(dir).length > 0]))
    await auditLogger.shutdown()`
  const env = { ...process.env }
  for (const name of ['VITEST', 'JEST_WORKER_ID', 'NODE_TEST_CONTEXT']) Reflect.deleteProperty(env, name)
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8', env })
  expect(child.stdout).toBe('[0,true,true]\n')
})

it('an installed logger that throws or rejects does not reach the business code', async () => {
  const broken = makeLogger({ providers: [new FakeProvider('disk')] }).logger
  broken.logAction = () => {
    throw new Error('a test double')
  }
  const undo = setAuditLogger(broken)
  expect(await auditLogger.logAction(event)).toBe(false)
  broken.logAction = () => Promise.reject(new Error('another'))
  expect(await auditLogger.logAction(event)).toBe(false)
  expect(warnings[0]).toEqual([
    expect.stringContaining('a test double'),
    { type: 'AuditWarning', code: 'not_confirmed' },
  ])
  undo()
})

it.each([null, undefined, 'logger', auditLogger])('setAuditLogger(%s) is refused', (given) => {
  expect(() => setAuditLogger(given as never)).toThrow(expect.objectContaining({ code: 'bad_config' }))
})

it('options that throw when they are read give false, not a rejection', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const { logger } = makeLogger({ providers: [new FakeProvider('disk')] })
  const options = {
    get signal(): AbortSignal {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- anything may be thrown
      throw proxy
    },
  }
  expect(await logger.logAction(event, options)).toBe(false)
})
