import { describe, expect, it } from 'vitest'
import { conserved, rig, sleep } from './rig.ts'

describe('delivery', () => {
  it('delivers every record of every stream once, in order, without overlap', async () => {
    const world = await rig()
    world.journal.filled(2_000, 512)
    world.journal.filled(300, 1)
    world.journal.filled(1, 1)
    expect(await world.delivery.drain({ timeoutMillis: 10_000 })).toBe(true)
    const { missing, received } = conserved(world)
    expect(missing).toEqual([])
    expect(received).toMatchObject({ records: 2_301, duplicates: 0, outOfOrder: 0, overlaps: 0, conflicts: 0 })
    expect(world.journal.undelivered).toBe(0)
    expect(world.counts.exported).toBe(2_301)
    expect(world.collector.streams()).toEqual(world.journal.streams.map((stream) => stream.id))
    expect(world.delivery.status()).toMatchObject({ state: 'idle', failing: false, consecutiveFailures: 0 })
  })

  it('coalesces lines up to the request size', async () => {
    const world = await rig({ settings: { maxRequestBytes: 100_000 }, collector: { keepRequests: true } })
    world.journal.filled(1_000, 1)
    await world.delivery.drain({ timeoutMillis: 10_000 })
    const sizes = world.collector.requests.map((request) => request.body?.length ?? 0)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100_000)
    expect(sizes.length).toBeLessThan(12)
  })

  it('delivers what comes later, as soon as it is told', async () => {
    const world = await rig()
    world.delivery.start()
    const stream = world.journal.stream(true)
    for (let round = 0; round < 20; round++) {
      stream.append([{}, {}])
      world.journal.more()
      await sleep(2)
    }
    await world.collector.until((got) => got.records === 40)
    expect(conserved(world).received).toMatchObject({ duplicates: 0, outOfOrder: 0 })
  })
})
