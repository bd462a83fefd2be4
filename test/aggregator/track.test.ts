import { expect, it } from 'vitest'
import { event, FakeProvider, no } from './fake-provider.ts'
import { makeLogger, rejection } from './make-logger.ts'

const track = { ...event, action: 'delete_store' }

it('track records success and gives the result', async () => {
  const disk = new FakeProvider('disk')
  const { logger } = makeLogger({ providers: [disk] })
  expect(await logger.track(track, () => 42)).toBe(42)
  expect(disk.seen[0]?.event.outcome).toBe('success')
})

it('track records a failure with the error’s type, and the error stands', async () => {
  const disk = new FakeProvider('disk')
  const { logger } = makeLogger({ providers: [disk] })
  const cause = new RangeError('too far')
  await expect(logger.track({ ...track, attributes: { 'tenant.id': 't' } }, () => Promise.reject(cause))).rejects.toBe(
    cause,
  )
  expect(disk.seen[0]?.event.outcome).toBe('failure')
  expect(disk.seen[0]?.event.attributes).toEqual({ 'error.type': 'RangeError', 'tenant.id': 't' })
})

it('track checks a plain event before fn runs', async () => {
  const { logger } = makeLogger({ providers: [new FakeProvider('disk')] })
  let ran = false
  const error = await rejection(
    logger.track({ ...track, targetId: '' }, () => {
      ran = true
    }),
  )
  expect(error.code).toBe('invalid_event')
  expect(ran).toBe(false)
})

it('track takes the event from a function that sees result or error; when that fails the result stands', async () => {
  const disk = new FakeProvider('disk')
  const { logger, problems } = makeLogger({ providers: [disk] })
  await logger.track(
    (result) => ({ ...track, targetId: String(result) }),
    () => 'made-1',
  )
  expect(disk.seen[0]?.event.targetId).toBe('made-1')
  await expect(
    logger.track(
      (_result, error) => ({ ...track, outcome: error === undefined ? 'success' : 'unknown' }),
      () => {
        throw new Error('x')
      },
    ),
  ).rejects.toThrow('x')
  expect(disk.seen[1]?.event.outcome).toBe('unknown')
  const result = await logger.track(
    () => {
      throw new Error('no event')
    },
    () => 1,
  )
  expect(result).toBe(1)
  expect(problems.at(-1)?.message).toContain('no event')
})

it('track’s result stands when the record is not confirmed', async () => {
  const { logger, problems } = makeLogger({ providers: [new FakeProvider('disk', no)] })
  expect(await logger.track(track, () => 'done')).toBe('done')
  expect(problems[0]?.code).toBe('provider_failed')
})

it('the error’s type is the name of its class when it sets none of its own', async () => {
  class StoreNotFound extends Error {}
  const disk = new FakeProvider('disk')
  const { logger } = makeLogger({ providers: [disk] })
  const failing = logger.track(event, () => {
    throw new StoreNotFound('no store 7')
  })
  await expect(failing).rejects.toThrow('no store 7')
  expect(disk.seen[0]?.event.attributes).toEqual({ 'error.type': 'StoreNotFound' })
})

it('an action that ran though its record was given up by the signal is told', async () => {
  const given = new AbortController()
  const { logger, problems } = makeLogger({ providers: [new FakeProvider('disk')] })
  await logger.track(event, () => given.abort(), { signal: given.signal })
  expect(problems.map(({ code }) => code)).toEqual(['aborted'])
})
