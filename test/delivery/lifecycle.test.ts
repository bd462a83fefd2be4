import { spawn } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createDelivery } from '../../src/delivery/delivery.ts'
import { startHostileCollector } from '../../src/testing/hostile-collector.ts'
import { rig, sleep } from './rig.ts'

describe('drain', () => {
  it('says false at the time limit, and true at once when there is nothing to do', async () => {
    const world = await rig({ collector: { behaviour: { kind: 'status', status: 503 } } })
    expect(await world.delivery.drain()).toBe(true)
    world.journal.filled(5)
    expect(await world.delivery.drain({ timeoutMillis: 80 })).toBe(false)
    expect(world.journal.undelivered).toBe(5)
  })

  it('ends a running back-off once', async () => {
    const settings = { initialBackoffMillis: 60_000, maxBackoffMillis: 60_000 }
    const world = await rig({ settings })
    world.collector.behave({ kind: 'status', status: 503 }, { requests: 1 })
    world.journal.filled(5)
    world.delivery.start()
    await world.collector.until((got) => got.requests === 1)
    await sleep(20)
    expect(world.delivery.status().state).toBe('waiting')
    expect(world.delivery.status().nextAttemptAt?.getTime()).toBeGreaterThan(Date.now() + 30_000)
    expect(await world.delivery.drain({ timeoutMillis: 2_000 })).toBe(true)
  })

  it('rejects with aborted when its signal is, before or later, and leaves no listener behind', async () => {
    const world = await rig({ collector: { behaviour: { kind: 'silence' } } })
    world.journal.filled(5)
    const controller = new AbortController()
    const drained = world.delivery.drain({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(drained).rejects.toMatchObject({ code: 'aborted', cause: { message: 'enough' } })
    await expect(world.delivery.drain({ signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' })
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('ends early when the caller has what it waits for', async () => {
    const world = await rig({ settings: { maxRequestBytes: 5_000 } })
    const stream = world.journal.filled(1_000, 5)
    expect(await world.delivery.drain({ until: () => stream.cursor.number >= 10 })).toBe(true)
    expect(stream.cursor.number).toBeLessThan(100)
  })
})

describe('stop', () => {
  it('waits for the request in flight and counts it', async () => {
    const world = await rig({ settings: { maxRequestBytes: 5_000 } })
    world.journal.filled(500, 5)
    world.delivery.start()
    await world.collector.until((got) => got.requests > 2)
    const drained = world.delivery.drain()
    await world.delivery.stop()
    expect(await drained).toBe(false)
    const { requests, records } = world.collector.received()
    await sleep(50)
    expect(world.collector.received().requests).toBe(requests)
    expect(world.journal.undelivered).toBe(500 - records)
    expect(world.journal.flushes).toBe(1)
    expect(world.delivery.status().state).toBe('stopped')
    await world.delivery.stop()
    expect(world.journal.flushes).toBe(1)
    expect(await world.delivery.drain()).toBe(false)
  })

  it('gives up the request in flight at its time limit', async () => {
    const world = await rig({ collector: { behaviour: { kind: 'silence' } }, settings: { timeoutMillis: 60_000 } })
    world.journal.filled(5)
    world.delivery.start()
    await world.collector.until((got) => got.requests === 1)
    const started = performance.now()
    await world.delivery.stop({ timeoutMillis: 50 })
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(world.journal.undelivered).toBe(5)
  })

  it('ends a wait at once', async () => {
    const settings = { initialBackoffMillis: 60_000, maxBackoffMillis: 60_000 }
    const world = await rig({ settings, collector: { behaviour: { kind: 'status', status: 503 } } })
    world.journal.filled(5)
    world.delivery.start()
    await world.collector.until((got) => got.requests === 1)
    await sleep(20)
    await world.delivery.stop()
    expect(world.collector.received().requests).toBe(1)
  })

  it('is fine without a start', async () => {
    const world = await rig()
    await world.delivery.stop()
    expect(world.journal.flushes).toBe(1)
    world.delivery.start()
    world.journal.filled(1)
    world.journal.more()
    await sleep(20)
    expect(world.collector.received().requests).toBe(0)
  })
})

describe('the loop', () => {
  it('goes on after the journal could not be read', async () => {
    const world = await rig()
    world.journal.filled(10)
    const nextStream = world.journal.nextStream.bind(world.journal)
    let failures = 3
    world.journal.nextStream = (after) => {
      if (failures-- > 0) throw new Error('EIO: i/o error, read')
      return nextStream(after)
    }
    expect(await world.delivery.drain({ timeoutMillis: 2_000 })).toBe(true)
    expect(world.problems.map((problem) => problem.code)).toEqual(['disk_error', 'disk_error', 'disk_error'])
    expect(world.problems[0]?.message).toContain('EIO')
    expect(world.journal.undelivered).toBe(0)
  })

  it('tells of each cursor that advanced', async () => {
    const told: [string, number][] = []
    const world = await rig({ delivery: { onDelivered: (stream, { number }) => told.push([stream, number]) } })
    const stream = world.journal.filled(1_100, 512)
    await world.delivery.drain()
    expect(told.at(-1)).toEqual([stream.id, 1_100])
    expect(told).toHaveLength(stream.advances.length)
  })

  it('turns to an older stream that comes up during an outage before it goes on with the live one', async () => {
    const world = await rig({ collector: { behaviour: { kind: 'status', status: 503 } } })
    const live = world.journal.filled(10)
    live.live = true
    world.delivery.start()
    await world.collector.until((got) => got.requests > 1)
    const old = world.journal.filled(10)
    world.journal.streams.reverse()
    world.collector.behave({ kind: 'good' })
    await world.delivery.drain({ timeoutMillis: 2_000 })
    expect(world.collector.streams()).toEqual([old.id, live.id])
  })

  it('sends what is left of a line that was delivered in part', async () => {
    const world = await rig()
    const stream = world.journal.filled(20, 10)
    stream.cursor = { number: 7, hash: stream.hashes[7] ?? '' }
    await world.delivery.drain()
    expect(world.collector.numbers(stream.id)).toEqual(Array.from({ length: 13 }, (_, index) => index + 8))
  })

  it('gets an outage of slow answers over with smaller requests', async () => {
    const world = await rig({ settings: { timeoutMillis: 1_000, maxRequestBytes: 1_048_576 } })
    world.collector.behave({ kind: 'reset' }, { requests: 6 })
    world.journal.filled(3_000, 100)
    await world.delivery.drain({ timeoutMillis: 10_000 })
    expect(world.collector.received()).toMatchObject({ records: 3_000, duplicates: 0, outOfOrder: 0 })
    const sizes = world.collector.requests.map((request) => Number(request.headers['content-length']))
    expect(Math.min(...sizes.slice(3, 7))).toBeLessThan(200_000)
    expect(Math.max(...sizes.slice(7))).toBeGreaterThan(200_000)
  })

  it('lets the process end while it waits, but not while somebody drains', async () => {
    const collector = await startHostileCollector()
    onTestFinished(() => collector.close())
    collector.behave({ kind: 'status', status: 503 }, { requests: 3 })
    const run = async (
      statement: string,
      url = 'http://127.0.0.1:9/v1/logs',
    ): Promise<{ code: unknown; millis: number }> => {
      const program = `
        import { FakeJournal } from './test/delivery/fake-journal.ts'
        import { createDelivery } from './src/delivery/delivery.ts'
        import { defaultCollectorSettings } from './src/delivery/collector-settings.ts'
        import { createMetrics } from './src/telemetry/metrics.ts'
        const source = new FakeJournal()
        source.filled(3)
        const collector = { ...defaultCollectorSettings, url: ${JSON.stringify(url)}, initialBackoffMillis: 50 }
        const delivery = createDelivery({ source, collector, onProblem() {}, metrics: createMetrics({ queueDepth: () => 0 }) })
        ${statement}`
      const started = performance.now()
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], { stdio: 'inherit' })
      const code = await new Promise((resolve) => child.on('exit', resolve))
      return { code, millis: performance.now() - started }
    }
    const waiting = await run('delivery.start()')
    const draining = await run('process.exitCode = (await delivery.drain({ timeoutMillis: 1500 })) ? 1 : 7')
    const unlimited = await run('process.exitCode = (await delivery.drain()) ? 8 : 1', collector.url)
    expect(unlimited.code).toBe(8)
    expect(waiting.code).toBe(0)
    expect(draining.code).toBe(7)
    expect(draining.millis).toBeGreaterThan(1_500)
  })

  it('opens nothing before there is something to deliver', async () => {
    const collector = await startHostileCollector()
    onTestFinished(() => collector.close())
    const world = await rig()
    expect(() =>
      createDelivery({
        source: world.journal,
        collector: { ...collectorSettings(collector.url) },
        onProblem: () => undefined,
        metrics: { emitted() {}, exported() {}, dropped() {}, exportDuration() {}, close() {} },
      }).start(),
    ).not.toThrow()
    await sleep(20)
    expect(collector.received().requests).toBe(0)
  })
})

function collectorSettings(url: string) {
  return {
    url,
    headers: {},
    timeoutMillis: 1_000,
    compression: 'none',
    maxRequestBytes: 1_000_000,
    initialBackoffMillis: 10,
    maxBackoffMillis: 10,
    pauseMillis: 10,
  } as const
}
