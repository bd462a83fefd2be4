import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Gathering } from '../../src/journal/gathering.ts'

let now = 1000
beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  return () => vi.restoreAllMocks()
})

const afterMicrotasks = (): Promise<void> =>
  new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => process.nextTick(resolve))))

function sync(gathering: Gathering, millis: number): void {
  gathering.syncBegan()
  now += millis
  gathering.syncEnded()
}

/** `callers` hear and call again within `millis`; says whether the sync was held for them. */
async function answer(gathering: Gathering, callers: number, waiting: number, millis: number): Promise<boolean> {
  gathering.answer(callers, waiting, false)
  const { held } = gathering
  now += millis
  await afterMicrotasks()
  expect(gathering.held).toBe(false)
  return held
}

describe('when the next sync starts', () => {
  it('is held where it takes longer than everybody needs to call again, and goes on once they have', async () => {
    const gathered = vi.fn()
    const gathering = new Gathering(gathered)
    for (let i = 0; i < 20; i++) {
      sync(gathering, 2)
      expect(await answer(gathering, 32, 32, 0.3)).toBe(true)
      expect(gathered).toHaveBeenCalledTimes(i + 1)
    }
    sync(gathering, 2)
    expect(await answer(gathering, 64, 0, 0.6)).toBe(true)
  })

  it('is not held where it takes less: one half is encoded while the other one is synced', async () => {
    const gathered = vi.fn()
    const gathering = new Gathering(gathered)
    const held: boolean[] = []
    for (let i = 0; i < 40; i++) {
      sync(gathering, 0.25)
      held.push(await answer(gathering, 32, 32, 0.3))
    }
    expect(held.slice(-20)).not.toContain(true)
    expect(gathered).toHaveBeenCalledTimes(held.filter(Boolean).length)
  })

  it('takes one late callback for no slow disk, and notices a disk that became slow', async () => {
    const gathering = new Gathering(() => undefined)
    for (let i = 0; i < 40; i++) {
      sync(gathering, 0.25)
      await answer(gathering, 32, 32, 0.3)
    }
    sync(gathering, 2)
    expect(await answer(gathering, 32, 32, 0.3)).toBe(false)
    const held: boolean[] = []
    for (let i = 0; i < 20; i++) {
      sync(gathering, 2)
      held.push(await answer(gathering, 32, 32, 0.3))
    }
    expect(held.at(-1)).toBe(true)
    sync(gathering, 0.25)
    expect(await answer(gathering, 32, 32, 0.3)).toBe(false)
  })

  it('is not held for a few callers when nobody else waits', async () => {
    const gathering = new Gathering(() => undefined)
    sync(gathering, 10)
    expect(await answer(gathering, 31, 0, 0.3)).toBe(false)
    expect(await answer(gathering, 32, 0, 0.3)).toBe(true)
    expect(await answer(gathering, 1, 1, 0.3)).toBe(true)
  })

  it('is held until those have heard too whose turn comes later', async () => {
    const gathered = vi.fn()
    const gathering = new Gathering(gathered)
    sync(gathering, 10)
    gathering.answer(256, 100, true)
    await afterMicrotasks()
    expect(gathering.held).toBe(true)
    expect(gathered).not.toHaveBeenCalled()
    gathering.answer(100, 0, false)
    await afterMicrotasks()
    expect(gathering.held).toBe(false)
    expect(gathered).toHaveBeenCalledTimes(1)
  })

  it('is held for nobody once it is cancelled', async () => {
    const gathered = vi.fn()
    const gathering = new Gathering(gathered)
    sync(gathering, 10)
    gathering.answer(32, 32, false)
    gathering.cancel()
    expect(gathering.held).toBe(false)
    await afterMicrotasks()
    expect(gathered).not.toHaveBeenCalled()
  })
})
