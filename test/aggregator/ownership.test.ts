import { expect, it } from 'vitest'
import { event, FakeProvider } from './fake-provider.ts'
import { makeLogger } from './make-logger.ts'

it('one provider object has one owner', async () => {
  const provider = new FakeProvider('disk')
  const first = makeLogger({ providers: [provider] }).logger
  expect(() => makeLogger({ providers: [provider] })).toThrow(
    expect.objectContaining({
      code: 'already_owned',
      message: expect.stringContaining('"disk" already belongs') as string,
    }),
  )
  const { logger, problems } = makeLogger({
    providers: [new FakeProvider('other')],
    modules: [{ code: 'm', auditProvider: () => provider }],
  })
  expect(await logger.logAction(event)).toBe(true)
  expect(problems[0]?.code).toBe('already_owned')
  await first.shutdown()
  expect(await makeLogger({ providers: [provider] }).logger.logAction(event)).toBe(true)
})
