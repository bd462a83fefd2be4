import { afterAll, describe, expect, it } from 'vitest'
import type { HostileBehaviour } from '../../src/testing/hostile-collector-behaviour.ts'
import { conserved, rig, sleep } from './rig.ts'

let tried = 0

async function untilTrue(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 8_000; !condition() && Date.now() < end;) await sleep(5)
}
afterAll(() => {
  console.log(`delivery faults: ${tried} behaviours tried against a real HTTP server`)
})

const mebibyte = 1_048_576

/** Faults that say nothing about a record: after them everything arrives, and nothing was set aside. */
const faults: Record<
  string,
  { behaviour: HostileBehaviour; state: 'waiting' | 'paused'; mostRequests?: number; timeoutMillis?: number }
> = {
  '401': { behaviour: { kind: 'status', status: 401 }, state: 'paused' },
  '403': { behaviour: { kind: 'status', status: 403 }, state: 'paused' },
  '404': { behaviour: { kind: 'status', status: 404 }, state: 'paused' },
  '405': { behaviour: { kind: 'status', status: 405 }, state: 'paused' },
  '407': { behaviour: { kind: 'status', status: 407 }, state: 'paused' },
  '415': { behaviour: { kind: 'status', status: 415 }, state: 'paused' },
  'a redirect': { behaviour: { kind: 'redirect', location: 'http://127.0.0.1:9/v1/logs' }, state: 'paused' },
  '400 to everything': { behaviour: { kind: 'status', status: 400 }, state: 'paused', mostRequests: 100 },
  '413 to everything': { behaviour: { kind: 'status', status: 413 }, state: 'paused', mostRequests: 100 },
  '422 to everything': { behaviour: { kind: 'status', status: 422 }, state: 'paused', mostRequests: 100 },
  'partial success that rejects everything': {
    behaviour: { kind: 'partial', rejected: 1_000_000 },
    state: 'paused',
    mostRequests: 100,
  },
  '408': { behaviour: { kind: 'status', status: 408 }, state: 'waiting' },
  '429': { behaviour: { kind: 'status', status: 429 }, state: 'waiting' },
  '429 with Retry-After 0': { behaviour: { kind: 'status', status: 429, retryAfter: 0 }, state: 'waiting' },
  '429 with an absurd Retry-After': {
    behaviour: { kind: 'status', status: 429, retryAfter: '99999999999' },
    state: 'waiting',
  },
  '429 with a negative Retry-After': { behaviour: { kind: 'status', status: 429, retryAfter: -5 }, state: 'waiting' },
  '500': { behaviour: { kind: 'status', status: 500 }, state: 'waiting' },
  '503': { behaviour: { kind: 'status', status: 503 }, state: 'waiting' },
  '202': { behaviour: { kind: 'status', status: 202, body: '{}' }, state: 'waiting' },
  'HTML with 200': { behaviour: { kind: 'html' }, state: 'waiting' },
  'rubbish with 200': { behaviour: { kind: 'answer', body: '\u0000\u0001OK' }, state: 'waiting' },
  'a JSON array with 200': { behaviour: { kind: 'answer', body: '[]' }, state: 'waiting' },
  'an error with 200': { behaviour: { kind: 'answer', body: '{"error":"tenant unknown"}' }, state: 'waiting' },
  'a partial success that cannot be read': {
    behaviour: { kind: 'answer', body: '{"partialSuccess":{"rejectedLogRecords":"many"}}' },
    state: 'waiting',
  },
  'a cut body': { behaviour: { kind: 'cut' }, state: 'waiting' },
  'a reset within the request': { behaviour: { kind: 'reset' }, state: 'waiting' },
  silence: { behaviour: { kind: 'silence' }, state: 'waiting', timeoutMillis: 50 },
  'a trickle': { behaviour: { kind: 'trickle' }, state: 'waiting', timeoutMillis: 50 },
  'a body of 1 GiB': { behaviour: { kind: 'flood' }, state: 'waiting', timeoutMillis: 2_000 },
  'a gzip bomb of 1 GiB': { behaviour: { kind: 'gzip-bomb' }, state: 'waiting', timeoutMillis: 2_000 },
  'a gzip bomb whose compressed form is within the limit': {
    behaviour: { kind: 'gzip-bomb', bytes: 33_554_432 },
    state: 'waiting',
    timeoutMillis: 2_000,
  },
}

const refusals = new Set(Object.keys(faults).filter((name) => name.includes('everything')))

describe('while the far end is at fault', () => {
  for (const [name, { behaviour, state, mostRequests = 25, timeoutMillis = 500 }] of Object.entries(faults)) {
    it(`keeps everything through ${name}, and delivers it afterwards`, async () => {
      tried++
      const world = await rig({ settings: { timeoutMillis }, collector: { behaviour } })
      world.journal.filled(700, 512)
      const live = world.journal.stream(true)
      live.append([{}])
      const before = process.memoryUsage.rss()
      world.delivery.start()
      await untilTrue(() => world.delivery.status().failing)
      await sleep(100)
      expect(world.collector.received()).toMatchObject({ records: 0 })
      expect(world.collector.received().requests).toBeGreaterThan(1)
      expect(world.collector.received().requests).toBeLessThan(mostRequests)
      expect(world.journal.setAsides).toEqual([])
      expect(world.journal.undelivered).toBe(701)
      expect(process.memoryUsage.rss() - before).toBeLessThan(100 * mebibyte)
      const status = world.delivery.status()
      expect([state, 'sending']).toContain(status.state)
      expect(status.consecutiveFailures).toBeGreaterThan(0)
      expect(status.lastError).toBeTypeOf('string')
      expect(world.problems.map((problem) => problem.code).slice(0, 1)).toEqual(['collector_failing'])

      world.collector.behave({ kind: 'good' })
      live.append([{}])
      world.journal.more()
      await world.collector.until((got) => got.records === 702, 2_000)
      const { missing, received } = conserved(world)
      expect(missing).toEqual([])
      expect(received).toMatchObject({ overlaps: 0, conflicts: 0, duplicates: 0 })
      // An endpoint that recovers in the middle of a comparison may get a few records before their turn.
      expect(received.outOfOrder).toBeLessThanOrEqual(refusals.has(name) ? 32 : 0)
      expect(world.journal.setAsides).toEqual([])
    })
  }

  it('delivers again what was kept without a readable confirmation', async () => {
    tried++
    const world = await rig({ collector: { behaviour: { kind: 'cut', keeps: true } } })
    world.journal.filled(10)
    world.delivery.start()
    await sleep(100)
    expect(world.journal.undelivered).toBe(10)
    world.collector.behave({ kind: 'good' })
    await world.delivery.drain({ timeoutMillis: 5_000 })
    expect(conserved(world).missing).toEqual([])
    expect(world.collector.received().duplicates).toBeGreaterThanOrEqual(10)
  })

  it('survives a collector that is not there and comes up later', async () => {
    tried++
    const world = await rig()
    const { port } = world.collector
    await world.collector.close()
    world.journal.filled(1_000)
    world.delivery.start()
    await sleep(150)
    expect(world.delivery.status()).toMatchObject({ state: 'waiting', failing: true })
    expect(world.delivery.status().lastError).toContain('ECONNREFUSED')
    const { startHostileCollector } = await import('../../src/testing/hostile-collector.ts')
    const again = await startHostileCollector({ port })
    await again.until((got) => got.records === 1_000, 3_000)
    expect(again.received()).toMatchObject({ duplicates: 0, outOfOrder: 0 })
    await world.delivery.stop()
    await again.close()
  })

  it('waits as long as Retry-After asks, counted from the Date of the answer', async () => {
    tried++
    const world = await rig()
    // The server's clock is a year behind: only the difference counts.
    const headers = { date: 'Tue, 01 Jul 2025 10:00:00 GMT' }
    const retryAfter = 'Tue, 01 Jul 2025 10:00:01 GMT'
    world.collector.behave({ kind: 'status', status: 503, retryAfter, headers }, { requests: 1 })
    world.journal.filled(3)
    await world.delivery.drain({ timeoutMillis: 5_000 })
    const [first, second] = world.collector.requests
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1_000)
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeLessThan(1_400)
  })
})
