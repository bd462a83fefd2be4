import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import type { ModuleDefinition } from '../../src/index.ts'
import { event, FakeProvider, hang } from './fake-provider.ts'
import { makeLogger, rejection } from './make-logger.ts'

afterEach(() => void vi.restoreAllMocks())

it('a module’s factory runs at the first call that finds it enabled, and once', async () => {
  const provider = new FakeProvider('monitoring')
  const factory = vi.fn(() => provider)
  let enabled = false
  const { logger } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [{ code: 'monitoring', enabled: () => enabled, auditProvider: factory }],
  })
  await logger.emit(event)
  expect(factory).not.toHaveBeenCalled()
  enabled = true
  await logger.emit(event)
  await logger.emit(event)
  enabled = false
  const receipt = await logger.emit(event)
  expect(factory).toHaveBeenCalledTimes(1)
  expect(provider.seen).toHaveLength(2)
  expect(Object.keys(receipt.backends)).toEqual(['disk'])
})

it('modules may be a function that gives fresh objects each time; the provider is still made once', async () => {
  const factory = vi.fn(() => new FakeProvider('monitoring'))
  const { logger } = makeLogger({
    modules: () => [{ code: 'monitoring', auditProvider: () => factory() }, { code: 'x' }],
  })
  await logger.emit(event)
  await logger.emit(event)
  expect(factory).toHaveBeenCalledTimes(1)
})

it('modules may be a generator, which gives them once, or a list that grows', async () => {
  const one = new FakeProvider('one')
  const list: ModuleDefinition[] = [{ code: 'one', auditProvider: () => one }]
  const generator = (function* () {
    yield* list
  })()
  const { logger } = makeLogger({ modules: generator })
  await logger.logAction(event)
  await logger.logAction(event)
  expect(one.seen).toHaveLength(2)
  const growing: ModuleDefinition[] = []
  const other = makeLogger({ modules: growing }).logger
  expect(await other.logAction(event)).toBe(false)
  growing.push({ code: 'two', auditProvider: () => new FakeProvider('two') })
  expect(await other.logAction(event)).toBe(true)
})

it('a service whose modules bring no provider runs unchanged', async () => {
  const { logger } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [{ code: 'shop' }, { code: 'blog' }],
  })
  expect(await logger.logAction(event)).toBe(true)
})

it('modules may carry more fields than the aggregator knows', async () => {
  interface ShopModule extends ModuleDefinition {
    readonly routes: readonly string[]
  }
  const modules: ShopModule[] = [{ code: 'shop', routes: ['/'], auditProvider: () => new FakeProvider('shop') }]
  const { logger } = makeLogger({ modules })
  expect(await logger.logAction(event)).toBe(true)
})

it('with every module disabled a call is false, with code no_provider', async () => {
  const { logger, problems } = makeLogger({
    modules: [{ code: 'a', enabled: false, auditProvider: () => new FakeProvider('a') }],
  })
  expect(await logger.logAction(event)).toBe(false)
  expect(problems.map(({ code }) => code)).toEqual(['no_provider'])
  expect((await rejection(logger.emit(event))).code).toBe('no_provider')
})

it('an enabled function that throws disables its module for this call and is reported', async () => {
  const provider = new FakeProvider('b')
  let broken = true
  const { logger, problems } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [
      {
        code: 'b',
        enabled: () => {
          if (broken) throw new Error('no settings yet')
          return true
        },
        auditProvider: () => provider,
      },
    ],
  })
  expect(await logger.logAction(event)).toBe(true)
  expect(problems[0]?.message).toContain('Module "b": enabled failed (no settings yet)')
  broken = false
  await logger.logAction(event)
  expect(provider.seen).toHaveLength(1)
})

it('an async enabled function is no yes', async () => {
  const provider = new FakeProvider('b')
  const { logger, problems } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [{ code: 'b', enabled: (() => Promise.resolve(false)) as never, auditProvider: () => provider }],
  })
  await logger.logAction(event)
  expect(provider.seen).toHaveLength(0)
  expect(problems[0]?.message).toContain('it returned a promise')
})

it('while a factory is under way its calls wait in order, and other providers do not', async () => {
  let give: (provider: FakeProvider) => void = () => undefined
  const slow = new FakeProvider('slow', undefined, 'none')
  const { logger } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [{ code: 'slow', auditProvider: () => new Promise<FakeProvider>((resolve) => (give = resolve)) }],
  })
  expect(await logger.logAction({ ...event, targetId: 1 })).toBe(true)
  const second = logger.emit({ ...event, targetId: 2 })
  give(slow)
  expect((await second).backends).toEqual({ disk: { ok: true }, slow: { ok: true } })
  expect(slow.seen.map((delivery) => delivery.event.targetId)).toEqual(['1', '2'])
})

it('a factory that takes too long fails its calls by the time limit and is used when it comes', async () => {
  let give: (provider: FakeProvider) => void = () => undefined
  const slow = new FakeProvider('slow')
  const { logger } = makeLogger({
    modules: [{ code: 'slow', auditProvider: () => new Promise<FakeProvider>((resolve) => (give = resolve)) }],
    providerTimeoutMillis: 25,
  })
  expect((await rejection(logger.emit(event))).code).toBe('provider_timeout')
  give(slow)
  await sleep(1)
  expect(slow.seen).toHaveLength(0)
  expect(await logger.logAction(event)).toBe(true)
})

it.each([
  [
    'throws',
    () => {
      throw new Error('no connection')
    },
    'no connection',
  ],
  ['rejects', () => Promise.reject(new Error('no connection')), 'no connection'],
  ['returns no provider', () => ({ auditBackend: 'UPPER' }), 'did not return an audit provider'],
] as const)('a factory that %s is reported and tried again after a back-off', async (_how, fail, text) => {
  const now = vi.spyOn(performance, 'now')
  const factory = vi.fn<() => unknown>(fail)
  const { logger, problems } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [{ code: 'm', auditProvider: factory as never }],
  })
  expect(await logger.logAction(event)).toBe(true)
  await sleep(1)
  expect(problems[0]).toMatchObject({ code: 'provider_failed', backend: 'module m' })
  expect(problems[0]?.message).toContain(text)
  expect(problems[0]?.message).toContain('tried again in 1 s')
  expect(logger.health()).toMatchObject({ status: 'degraded' })
  await logger.logAction(event)
  expect(factory).toHaveBeenCalledTimes(1)
  const real = performance.timeOrigin + performance.now()
  now.mockImplementation(() => real - performance.timeOrigin + 1_001)
  await logger.logAction(event)
  await sleep(1)
  expect(factory).toHaveBeenCalledTimes(2)
  now.mockImplementation(() => real - performance.timeOrigin + 2_900)
  await logger.logAction(event)
  expect(factory).toHaveBeenCalledTimes(2)
  const provider = new FakeProvider('late')
  factory.mockImplementation(() => provider)
  now.mockImplementation(() => real - performance.timeOrigin + 3_100)
  expect((await logger.emit(event)).backends).toHaveProperty('late')
  now.mockRestore()
  expect(logger.health().status).toBe('ok')
})

it('a factory that fails under way is as good as disabled: weaker confirmations count then', async () => {
  let answer: (value: boolean) => void = () => undefined
  const weak = new FakeProvider(
    'weak',
    (delivery) => delivery.acknowledge(new Promise((resolve) => (answer = resolve))),
    'none',
  )
  const { logger } = makeLogger({
    providers: [weak],
    modules: [{ code: 'm', auditProvider: () => Promise.reject(new Error('no connection')) }],
  })
  const call = logger.logAction(event)
  await sleep(1)
  answer(true)
  expect(await call).toBe(true)
})

it('a module’s second backend of one name is disabled and reported as duplicate_backend', async () => {
  const second = new FakeProvider('disk')
  const { logger, problems } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [{ code: 'b', auditProvider: () => second }],
  })
  expect(await logger.logAction(event)).toBe(true)
  expect(problems[0]).toMatchObject({ code: 'duplicate_backend' })
  expect(problems[0]?.message).toContain('Module "b" brings a second audit backend named "disk"')
  expect(second.seen).toHaveLength(0)
})

it('two modules of one code: the second is disabled and reported', async () => {
  const second = vi.fn(() => new FakeProvider('two'))
  const { logger, problems } = makeLogger({
    modules: [
      { code: 'a', auditProvider: () => new FakeProvider('one') },
      { code: 'a', auditProvider: second },
    ],
  })
  expect(await logger.logAction(event)).toBe(true)
  expect(second).not.toHaveBeenCalled()
  expect(problems[0]?.code).toBe('duplicate_backend')
})

it('a list of modules that cannot be had disables them for this call and is reported', async () => {
  const { logger, problems } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: () => {
      throw new Error('registry is down')
    },
  })
  expect(await logger.logAction(event)).toBe(true)
  expect(problems[0]?.message).toContain('modules could not be listed: registry is down')
})

it('backends may name a module’s backend before its factory has come back', async () => {
  const other = new FakeProvider('other')
  const { logger } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [
      { code: 'a', auditProvider: () => Promise.resolve(new FakeProvider('elastic')) },
      { code: 'b', auditProvider: () => Promise.resolve(other) },
    ],
  })
  const receipt = await logger.emit(event, { backends: ['elastic'] })
  expect(receipt.backends).toEqual({ elastic: { ok: true } })
  expect(other.seen).toHaveLength(0)
  expect((await rejection(logger.emit(event, { backends: ['elastik'] }))).code).toBe('no_provider')
})

it('a factory that itself records something is not called again for it', async () => {
  const factory = vi.fn(() => {
    void logger.logAction({ ...event, action: 'from_factory' })
    return new FakeProvider('m')
  })
  const { logger } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [{ code: 'm', auditProvider: factory }],
  })
  expect(await logger.logAction(event)).toBe(true)
  expect(factory).toHaveBeenCalledTimes(1)
})

it('ready runs the factories of the enabled modules', async () => {
  const factory = vi.fn(() => Promise.resolve(new FakeProvider('m')))
  const off = vi.fn(() => new FakeProvider('off'))
  const { logger } = makeLogger({
    modules: [
      { code: 'm', auditProvider: factory },
      { code: 'off', enabled: false, auditProvider: off },
    ],
  })
  await logger.ready()
  expect(factory).toHaveBeenCalledTimes(1)
  expect(off).not.toHaveBeenCalled()
  expect(logger.health().backends).toHaveProperty('m')
})

it('a hanging factory does not hold up shutdown beyond its time limit', async () => {
  const { logger } = makeLogger({
    providers: [new FakeProvider('disk', hang)],
    modules: [{ code: 'm', auditProvider: () => new Promise<never>(() => undefined) }],
  })
  void logger.logAction(event)
  const start = performance.now()
  await logger.shutdown({ timeoutMillis: 60 })
  expect(performance.now() - start).toBeLessThan(1_500)
})
