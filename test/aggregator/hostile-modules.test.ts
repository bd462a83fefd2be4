import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { ModuleDefinition } from '../../src/index.ts'
import { event, FakeProvider } from './fake-provider.ts'
import { makeLogger } from './make-logger.ts'

const unhandled: unknown[] = []
const note = (cause: unknown): void => void unhandled.push(cause)

beforeEach(() => void process.on('unhandledRejection', note))
afterEach(async () => {
  vi.restoreAllMocks()
  await sleep(5)
  process.off('unhandledRejection', note)
  expect(unhandled.splice(0)).toEqual([])
})

function raise(): never {
  throw new Error('hostile')
}
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const unreadable = {
  get auditBackend(): string {
    return raise()
  },
  logAction: () => true,
}

const entries: Record<string, unknown> = {
  'throws when its code is read': {
    get code() {
      return raise()
    },
  },
  'throws when its factory is read': {
    code: 'm',
    get auditProvider() {
      return raise()
    },
  },
  'is a revoked proxy': revoked(),
}

it.each(Object.entries(entries))('a module that %s is passed over and reported', async (_what, entry) => {
  const good = new FakeProvider('good', undefined, 'none')
  const { logger, problems } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [entry as ModuleDefinition, { code: 'good', auditProvider: () => good }],
  })
  expect(await logger.logAction(event)).toBe(true)
  expect(good.seen).toHaveLength(1)
  expect(problems[0]).toMatchObject({ code: 'provider_failed' })
  expect(problems[0]?.message).toContain('modules: an entry could not be read: ')
})

const factories: Record<string, readonly [() => unknown, string]> = {
  'gives an object that cannot be read': [() => unreadable, 'did not return an audit provider'],
  'gives it later': [() => Promise.resolve(unreadable), 'did not return an audit provider'],
  'gives a revoked proxy': [revoked, 'revoked'],
  'gives an object whose then throws': [
    () => ({
      get then() {
        return raise()
      },
    }),
    'hostile',
  ],
  'gives that one later': [
    () =>
      Promise.resolve().then(() => ({
        get then() {
          return raise()
        },
      })),
    'hostile',
  ],
  'gives an object that throws at the second look': [
    () => {
      let looks = 0
      return {
        get auditBackend() {
          return ++looks > 1 ? raise() : 'fickle'
        },
        logAction: () => true,
      }
    },
    'hostile',
  ],
  'gives an unknown durability': [
    () => ({ auditBackend: 'm', auditDurability: 'permanent', logAction: () => true }),
    'auditDurability is "permanent"; it must be "none", "transaction" or "durable"',
  ],
}

it.each(Object.entries(factories))(
  'a factory that %s disables that provider alone, is reported and is tried again after the back-off',
  async (_what, [make, text]) => {
    const now = vi.spyOn(performance, 'now')
    const factory = vi.fn(make)
    const { logger, problems } = makeLogger({
      providers: [new FakeProvider('disk')],
      modules: [{ code: 'm', auditProvider: factory as never }],
      providerTimeoutMillis: 200,
    })
    const start = performance.now()
    expect((await logger.emit(event)).backends['disk']).toEqual({ ok: true })
    const receipt = await logger.emit(event)
    expect(receipt.backends).toEqual({ disk: { ok: true } })
    expect(performance.now() - start).toBeLessThan(150)
    expect(factory).toHaveBeenCalledTimes(1)
    const told = problems.find(({ backend }) => backend === 'module m')
    expect(told?.message).toContain('The audit provider of module "m" could not be made: ')
    expect(told?.message).toContain(text)
    expect(told?.message).toContain('tried again in 1 s')
    factory.mockImplementation(() => new FakeProvider('well', undefined, 'none'))
    const real = start
    now.mockImplementation(() => real + 1_500)
    expect((await logger.emit(event)).backends).toHaveProperty('well')
    expect(factory).toHaveBeenCalledTimes(2)
  },
)

it('an async function as the list of modules is reported, and its rejection ends nothing', async () => {
  const { logger, problems } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: (() => Promise.reject(new Error('registry is down'))) as never,
  })
  expect(await logger.logAction(event)).toBe(true)
  expect(problems[0]?.message).toContain('modules could not be listed: it returned a promise, and must answer at once')
})

it('auditProvider: null is as good as absent', async () => {
  const { logger, problems } = makeLogger({
    providers: [new FakeProvider('disk')],
    modules: [{ code: 'm', auditProvider: null as never }],
  })
  expect(await logger.logAction(event)).toBe(true)
  expect(problems).toEqual([])
})

it.each([raise, () => Promise.reject(new Error('hostile'))])(
  'a provider that comes after shutdown and cannot be closed ends nothing (%#)',
  async (shutdown) => {
    let give: (provider: object) => void = () => undefined
    const { logger } = makeLogger({
      providers: [new FakeProvider('disk')],
      modules: [{ code: 'm', auditProvider: () => new Promise<never>((resolve) => (give = resolve as never)) }],
    })
    void logger.logAction(event)
    await logger.shutdown({ timeoutMillis: 20 })
    give(Object.assign(new FakeProvider('late'), { shutdown }))
  },
)
