import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { recordIdFrom, type AuditProviderProtocol } from '../../src/index.ts'
import { Repeats } from '../../src/aggregator/repeats.ts'
import { event, FakeProvider, hang, no, yes } from './fake-provider.ts'
import { makeLogger, rejection } from './make-logger.ts'

const recordId = recordIdFrom('job', 1)

it('a repeat of a caller-given record id is not written again and gets the first receipt', async () => {
  const disk = new FakeProvider('disk')
  const { logger } = makeLogger({ providers: [disk] })
  const first = await logger.emit({ ...event, recordId })
  const second = await logger.emit({ ...event, recordId: recordId.toUpperCase() })
  expect(first.repeated).toBeUndefined()
  expect(second).toEqual({ ...first, repeated: true })
  expect(await logger.logAction({ ...event, recordId })).toBe(true)
  expect(disk.seen).toHaveLength(1)
})

it('another content under one record id is record_id_conflict', async () => {
  const { logger, problems } = makeLogger({ providers: [new FakeProvider('disk')] })
  await logger.emit({ ...event, recordId })
  const error = await rejection(logger.emit({ ...event, recordId, targetId: 13 }))
  expect(error.code).toBe('record_id_conflict')
  expect(error.message).toContain(recordId)
  expect(await logger.logAction({ ...event, recordId, targetId: 13 })).toBe(false)
  expect(problems.map(({ code }) => code)).toEqual(['record_id_conflict'])
})

it('a failed first attempt is forgotten, so that the retry is written', async () => {
  const disk = new FakeProvider('disk', no)
  const { logger } = makeLogger({ providers: [disk] })
  expect(await logger.logAction({ ...event, recordId })).toBe(false)
  disk.onRecord = yes
  const receipt = await logger.emit({ ...event, recordId })
  expect(receipt.repeated).toBeUndefined()
  expect(disk.seen).toHaveLength(2)
})

it('an attempt under way is shared, also when it fails', async () => {
  const answers: ((value: boolean) => void)[] = []
  const disk = new FakeProvider('disk', (delivery) => delivery.acknowledge(new Promise((r) => answers.push(r))))
  const { logger } = makeLogger({ providers: [disk] })
  const both = Promise.all([logger.logAction({ ...event, recordId }), logger.emit({ ...event, recordId })])
  answers[0]?.(true)
  const [plain, receipt] = await both
  expect(plain).toBe(true)
  expect(receipt.repeated).toBe(true)
  const other = recordIdFrom('job', 2)
  const failing = [logger.logAction({ ...event, recordId: other }), logger.logAction({ ...event, recordId: other })]
  answers[1]?.(false)
  expect(await Promise.all(failing)).toEqual([false, false])
  expect(disk.seen).toHaveLength(2)
})

it('a call that no provider could take is forgotten too', async () => {
  const disk = new FakeProvider('disk')
  const { logger } = makeLogger({ providers: [disk] })
  expect((await rejection(logger.emit({ ...event, recordId }, { backends: ['nope'] }))).code).toBe('no_provider')
  expect((await logger.emit({ ...event, recordId })).repeated).toBeUndefined()
  expect(disk.seen).toHaveLength(1)
})

it('a row of a transaction is written again by a retry, because the first one may be rolled back', async () => {
  const database = new FakeProvider('database', yes, 'transaction')
  const { logger } = makeLogger({ providers: [new FakeProvider('disk'), database] })
  const options = { backends: ['database'], db: {} }
  await logger.emit({ ...event, recordId }, options)
  expect((await logger.emit({ ...event, recordId }, options)).repeated).toBeUndefined()
  expect(database.seen).toHaveLength(2)
  database.onRecord = no
  expect(await logger.logAction({ ...event, recordId }, options)).toBe(false)
})

it('a repeat with db beside a durable provider writes the row again, and only that', async () => {
  const disk = new FakeProvider('disk')
  const database = new FakeProvider('database', yes, 'transaction')
  const { logger } = makeLogger({ providers: [disk, database] })
  const first = await logger.emit({ ...event, recordId }, { db: 'rolled back' })
  const second = await logger.emit({ ...event, recordId }, { db: 'second try' })
  expect(database.seen.map(({ db }) => db)).toEqual(['rolled back', 'second try'])
  expect(disk.seen).toHaveLength(1)
  expect(second).toEqual({ ...first, repeated: true })
  database.onRecord = no
  const third = await logger.emit({ ...event, recordId }, { db: 'third try' })
  expect(third.repeated).toBe(true)
  expect(third.backends).toMatchObject({ disk: { ok: true }, database: { ok: false } })
  expect(await logger.logAction({ ...event, recordId })).toBe(true)
  expect(database.seen).toHaveLength(3)
})

it('under confirmBy all such a repeat is confirmed only when the transaction has the row again', async () => {
  const database = new FakeProvider('database', yes, 'transaction')
  const { logger } = makeLogger({ providers: [new FakeProvider('disk'), database], confirmBy: 'all' })
  expect(await logger.logAction({ ...event, recordId }, { db: 1 })).toBe(true)
  database.onRecord = no
  expect(await logger.logAction({ ...event, recordId }, { db: 2 })).toBe(false)
  database.onRecord = yes
  expect(await logger.logAction({ ...event, recordId }, { db: 3 })).toBe(true)
})

it('the memory of record ids is bounded, oldest first', () => {
  const repeats = new Repeats(2)
  for (const id of ['a', 'b', 'c']) repeats.begin(id, 'hash')
  expect(repeats.find('a', 'other hash')).toBeUndefined()
  expect(repeats.find('b', 'hash')).toBeDefined()
  expect(repeats.find('c', 'hash')).toBeDefined()
})

it('what is remembered of a failed backend is its code, not the error with the call behind it', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // Fakes would hold on to what they have seen.
  const disk: AuditProviderProtocol = { auditBackend: 'disk', logAction: () => true }
  const moody: AuditProviderProtocol = { auditBackend: 'moody', logAction: () => false }
  const { logger } = makeLogger({ providers: [disk, moody], onProblem: () => undefined })
  const failure = async (): Promise<WeakRef<Error>> => {
    const { backends } = await logger.emit({ ...event, recordId })
    const result = backends['moody']
    if (result?.ok !== false) throw new Error('moody should have failed')
    return new WeakRef(result.error)
  }
  const first = await failure()
  for (let round = 0; round < 50 && first.deref() !== undefined; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  expect(first.deref()).toBeUndefined()
  const again = await logger.emit({ ...event, recordId })
  expect(again.backends).toMatchObject({ disk: { ok: true }, moody: { ok: false, error: { code: 'provider_failed' } } })
  expect(again.backends['moody']).toHaveProperty(
    'error.message',
    expect.stringContaining(`"moody" did not confirm record ${recordId}`),
  )
})

it('a repeat that asks for more than the first call reached gets that, not its receipt', async () => {
  const disk = new FakeProvider('disk')
  const notes = new FakeProvider('notes', yes, 'none')
  const { logger } = makeLogger({ providers: [disk, notes] })
  const first = await logger.emit({ ...event, recordId }, { backends: ['notes'] })
  expect(first.durability).toBe('memory')
  const second = await logger.emit({ ...event, recordId })
  expect(second).toMatchObject({
    durability: 'local',
    repeated: true,
    backends: { disk: { ok: true }, notes: { ok: true } },
  })
  expect(second.recordedAt).toEqual(first.recordedAt)
  expect([disk.seen.length, notes.seen.length]).toEqual([1, 1])
  expect((await logger.emit({ ...event, recordId })).durability).toBe('local')
  expect(disk.seen).toHaveLength(1)
})

it('a repeat for other backends reaches those, and its answer is theirs', async () => {
  const [a, b] = [new FakeProvider('a'), new FakeProvider('b', no)]
  const { logger } = makeLogger({ providers: [a, b] })
  expect(await logger.logAction({ ...event, recordId }, { backends: ['a'] })).toBe(true)
  expect(await logger.logAction({ ...event, recordId }, { backends: ['b'] })).toBe(false)
  b.onRecord = yes
  expect(await logger.logAction({ ...event, recordId }, { backends: ['b'] })).toBe(true)
  expect(await logger.logAction({ ...event, recordId }, { backends: ['b'] })).toBe(true)
  expect([a.seen.length, b.seen.length]).toEqual([1, 2])
  expect((await rejection(logger.emit({ ...event, recordId }, { backends: ['nosuch'] }))).code).toBe('no_provider')
})

it('a repeat under a floor that the first call did not reach, and cannot be reached now, is not confirmed', async () => {
  const { logger, problems } = makeLogger({ providers: [new FakeProvider('disk')] })
  expect((await logger.emit({ ...event, recordId })).durability).toBe('local')
  const error = await rejection(logger.emit({ ...event, recordId }, { durability: 'collector' }))
  expect(error.code).toBe('not_confirmed')
  expect(error.receipt?.durability).toBe('local')
  expect(await logger.logAction({ ...event, recordId }, { durability: 'collector' })).toBe(false)
  expect(problems.map(({ code }) => code)).toEqual(['not_confirmed'])
})

it('a repeat of a call under way keeps to its own time limit and signal', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('disk', hang)], providerTimeoutMillis: 2_000 })
  const first = logger.logAction({ ...event, recordId })
  const late = rejection(logger.emit({ ...event, recordId }, { timeoutMillis: 20 }))
  const given = new AbortController()
  const up = rejection(logger.emit({ ...event, recordId }, { signal: given.signal }))
  given.abort()
  expect((await up).code).toBe('aborted')
  expect((await late).code).toBe('provider_timeout')
  expect(logger.health().pendingCalls).toBe(1)
  expect(await first).toBe(false)
})
