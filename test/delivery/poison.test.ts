import { afterAll, describe, expect, it } from 'vitest'
import { attributeOf, type HostileBehaviour } from '../../src/testing/hostile-collector-behaviour.ts'
import { conserved, rig, sleep } from './rig.ts'

let tried = 0
afterAll(() => {
  console.log(`poison records: ${tried} cases tried against a real HTTP server`)
})

describe('while single records are refused', () => {
  for (const status of [400, 413, 422, 'partial'] as const) {
    it(`isolates poison among 512 and sets it aside before the cursor passes (${status})`, async () => {
      tried++
      const poison = new Set([1, 200, 201, 512, 700])
      const world = await rig()
      const stream = world.journal.filled(1_300, 512, (index) => (poison.has(index) ? { action: 'poison' } : {}))
      world.collector.behave({
        kind: 'refuse',
        status,
        when: (record) => attributeOf(record, 'audit.action') === 'poison',
      })
      expect(await world.delivery.drain({ timeoutMillis: 10_000 })).toBe(true)
      expect(world.journal.setAsides.map((entry) => entry.number)).toEqual([...poison])
      for (const entry of world.journal.setAsides) {
        expect(entry).toMatchObject({ stream: stream.id, reason: 'rejected', recordId: stream.recordIds[entry.number] })
        expect(entry.answer).toMatchObject({ status: status === 'partial' ? 200 : status })
        expect(entry.answer.body).toContain('not acceptable')
        expect(JSON.parse(entry.request)).toMatchObject({
          resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: expect.arrayContaining([]) as unknown }] }] }],
        })
      }
      const { missing, received } = conserved(world)
      expect(missing).toEqual([])
      expect(received).toMatchObject({ records: 1_295, outOfOrder: 0, overlaps: 0, conflicts: 0 })
      if (status !== 'partial') expect(received.duplicates).toBe(0)
      expect(received.requests).toBeLessThan(160)
      expect(world.counts).toMatchObject({ exported: 1_295, dropped: { rejected: 5 } })
      expect(world.problems.map((problem) => problem.code)).toEqual(poison.size === 5 ? Array(5).fill('set_aside') : [])
      expect(world.problems[0]?.message).toContain(stream.recordIds[1])
    })
  }

  it('keeps duplicates (409) apart without an alarm, a whole backlog of them too', async () => {
    tried++
    const world = await rig()
    world.journal.filled(40, 8)
    world.collector.behave({ kind: 'refuse', status: 409, when: () => true })
    expect(await world.delivery.drain({ timeoutMillis: 10_000 })).toBe(true)
    expect(world.journal.setAsides.map((entry) => entry.reason)).toEqual(Array(40).fill('duplicate'))
    expect(world.journal.setAsides[0]?.answer.status).toBe(409)
    expect(world.problems).toEqual([])
    expect(world.counts.dropped).toEqual({ duplicate: 40 })
  })

  it('gets through a run of poison to the good records behind it', async () => {
    tried++
    const world = await rig()
    world.journal.filled(200, 64, (index) => (index <= 20 ? { action: 'poison' } : {}))
    world.collector.behave({ kind: 'refuse', when: (record) => attributeOf(record, 'audit.action') === 'poison' })
    await world.delivery.drain({ timeoutMillis: 10_000 })
    await world.collector.until((got) => got.records === 180)
    expect(world.journal.setAsides).toHaveLength(20)
    expect(conserved(world)).toMatchObject({ missing: [], received: { outOfOrder: 0 } })
    expect(world.collector.received().duplicates).toBeLessThanOrEqual(20)
  })

  it('sets nothing aside when no record of a line is acceptable', async () => {
    tried++
    const world = await rig()
    world.journal.filled(1, 1)
    await world.delivery.drain({ timeoutMillis: 1_000 })
    world.collector.behave({ kind: 'refuse', when: () => true })
    world.journal.filled(64)
    world.delivery.wake()
    world.journal.more()
    await sleep(300)
    expect(world.journal.setAsides).toEqual([])
    expect(world.delivery.status()).toMatchObject({ failing: true })
    expect(world.problems.map((problem) => problem.code)).toEqual(['collector_failing'])
    expect(world.problems[0]?.message).toContain('HTTP 400')
  })

  const poisonous: HostileBehaviour = {
    kind: 'refuse',
    when: (record) => attributeOf(record, 'audit.action') === 'poison',
  }

  it('sets a lone poison record aside when the endpoint still takes a record that it took before', async () => {
    tried++
    const world = await rig({ collector: { behaviour: poisonous } })
    const stream = world.journal.filled(3)
    await world.delivery.drain({ timeoutMillis: 1_000 })
    stream.append([{ action: 'poison' }])
    expect(await world.delivery.drain({ timeoutMillis: 5_000 })).toBe(true)
    expect(world.journal.setAsides.map((entry) => entry.number)).toEqual([4])
    expect(world.collector.received()).toMatchObject({ records: 3, duplicates: 1 })
  })

  it('lets only one record go by that evidence until a new record is accepted', async () => {
    tried++
    const world = await rig({ collector: { behaviour: poisonous } })
    const stream = world.journal.filled(3)
    await world.delivery.drain({ timeoutMillis: 1_000 })
    for (let round = 0; round < 3; round++) {
      stream.append([{ action: 'poison' }])
      world.journal.more()
      await sleep(100)
    }
    expect(world.journal.setAsides.map((entry) => entry.number)).toEqual([4])
    stream.append([{}])
    world.journal.more()
    await world.collector.until((got) => got.records === 4)
    await world.delivery.drain({ timeoutMillis: 5_000 })
    expect(world.journal.setAsides.map((entry) => entry.number)).toEqual([4, 5, 6])
  })

  it('holds the first record ever, when it is refused, until there is another one to compare it with', async () => {
    tried++
    const world = await rig({ collector: { behaviour: poisonous } })
    const stream = world.journal.filled(1, 1, () => ({ action: 'poison' }))
    world.delivery.start()
    await sleep(150)
    expect(world.journal.setAsides).toEqual([])
    expect(world.delivery.status()).toMatchObject({ failing: true })
    stream.append([{}])
    world.journal.more()
    await world.collector.until((got) => got.records === 1)
    await world.delivery.drain({ timeoutMillis: 1_000 })
    expect(world.journal.setAsides.map((entry) => entry.number)).toEqual([1])
    expect(world.delivery.status()).toMatchObject({ state: 'idle', failing: false })
  })

  it('compares the refused last record of an adopted stream with the stream that comes next', async () => {
    tried++
    const world = await rig({ collector: { behaviour: poisonous } })
    const old = world.journal.filled(1, 1, () => ({ action: 'poison' }))
    world.journal.filled(4, 2)
    expect(await world.delivery.drain({ timeoutMillis: 5_000 })).toBe(true)
    expect(world.journal.setAsides.map((entry) => entry.stream)).toEqual([old.id])
    expect(world.collector.received()).toMatchObject({ records: 4, duplicates: 0 })
  })

  it('does not pass a poison record while it cannot be kept', async () => {
    tried++
    const world = await rig({ collector: { behaviour: poisonous } })
    const stream = world.journal.filled(64, 64, (index) => (index === 30 ? { action: 'poison' } : {}))
    world.journal.fullFor = 4
    expect(await world.delivery.drain({ timeoutMillis: 5_000 })).toBe(true)
    expect(world.journal.setAsides.map((entry) => entry.number)).toEqual([30])
    expect(world.problems.map((problem) => problem.code)).toEqual([
      'disk_full',
      'disk_full',
      'disk_full',
      'disk_full',
      'set_aside',
    ])
    expect(stream.cursor.number).toBe(64)
  })

  it('finds poison although every other request fails for another reason', async () => {
    tried++
    const settings = { initialBackoffMillis: 1, maxBackoffMillis: 2, pauseMillis: 2 }
    const world = await rig({ settings, collector: { behaviour: poisonous } })
    world.journal.filled(128, 128, (index) => (index === 77 ? { action: 'poison' } : {}))
    let request = 0
    const flip = setInterval(() => {
      world.collector.behave(request++ % 2 === 0 ? poisonous : { kind: 'status', status: 503 })
    }, 3)
    const drained = await world.delivery.drain({ timeoutMillis: 10_000 })
    clearInterval(flip)
    expect(drained).toBe(true)
    expect(world.journal.setAsides.map((entry) => entry.number)).toEqual([77])
    expect(conserved(world)).toMatchObject({ missing: [], received: { records: 127, duplicates: 0 } })
  })

  it('gives a server that finds requests too large smaller ones', async () => {
    tried++
    const world = await rig({ collector: { behaviour: { kind: 'limit', bytes: 70_000 } } })
    world.journal.filled(4_000, 500)
    expect(await world.delivery.drain({ timeoutMillis: 10_000 })).toBe(true)
    expect(world.journal.setAsides).toEqual([])
    expect(conserved(world)).toMatchObject({ missing: [], received: { records: 4_000, duplicates: 0, outOfOrder: 0 } })
    const refused = world.counts.durations.filter((outcome) => outcome === 'rejected').length
    expect(refused).toBeLessThan(20)
  })

  it('drains a backlog of ten hours through a window of one hour', async () => {
    tried++
    const world = await rig({ collector: { behaviour: { kind: 'window' } } })
    const hour = 3_600_000
    const start = 1_700_000_000_000
    for (let n = 0; n < 10; n++) world.journal.filled(600, 100, (index) => ({ timeMillis: start + n * hour + index }))
    const live = world.journal.stream(true)
    world.delivery.start()
    for (let n = 0; n < 50; n++) {
      live.append([{ timeMillis: start + 10 * hour + n }])
      world.journal.more()
      await sleep(1)
    }
    await world.delivery.drain({ timeoutMillis: 10_000 })
    expect(world.journal.setAsides).toEqual([])
    expect(conserved(world)).toMatchObject({ missing: [], received: { records: 6_050, duplicates: 0, outOfOrder: 0 } })
  })
})
