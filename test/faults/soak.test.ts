import { describe, expect, it } from 'vitest'
import { heapBoundBytes, judge } from '../../scripts/soak/judge.ts'
import { Oracle } from '../../scripts/soak/oracle.ts'
import type { Sample } from '../../scripts/soak/protocol.ts'
import { soak } from './soak.ts'

describe('the soak', () => {
  it('loses and leaks nothing in 20 s of faults that switch on and off', { timeout: 120_000 }, async () => {
    const { code, failures, counts } = await soak(['--seconds', '20'])
    expect(failures).toEqual([])
    expect(code).toBe(0)
    expect(counts['missing']).toBe(0)
    expect(counts['toldByGaps']).toBeGreaterThanOrEqual(counts['refusedByDisk'] ?? Infinity)
    for (const tried of ['acknowledged', 'diskFaults', 'requests', 'repeats', 'recordIdConflicts'])
      expect(counts[tried], tried).toBeGreaterThan(0)
  })
})

describe('the judge of a soak', () => {
  const samples = (heapOf: (at: number) => number, descriptorsOf: (at: number) => number = () => 30): Sample[] =>
    Array.from({ length: 60 }, (_, at) => ({
      seconds: at * 10,
      heapBytes: heapOf(at),
      externalBytes: 1_000,
      residentBytes: 100_000_000,
      descriptors: descriptorsOf(at),
      diskFaults: 0,
      calls: 0,
      repeats: 0,
      conflicts: 0,
      failures: [],
    }))

  it('takes a heap that fills its caches first and then stays, with noise', () => {
    const { failures, heap } = judge(samples((at) => Math.min(at, 15) * 1_000_000 + (at % 2) * 200_000))
    expect(failures).toEqual([])
    expect(Math.abs(heap.riseBytes)).toBeLessThan(50_000)
  })

  it('sees a leak however slow, once it passes the bound in the run', () => {
    const perSample = (1.1 * heapBoundBytes) / 39
    expect(judge(samples((at) => 20_000_000 + at * perSample)).failures).toEqual([
      'the heap rises by 3.30 MiB (bound 3.00 MiB)',
    ])
    expect(judge(samples((at) => 20_000_000 + at * perSample)).heap.perHourBytes).toBeCloseTo(perSample * 360, -2)
  })

  it('sees a file that stays open', () => {
    expect(
      judge(
        samples(
          () => 1,
          (at) => (at < 50 ? 30 : 31),
        ),
      ).failures,
    ).toEqual(['open file descriptors vary from 30 to 31'])
  })

  it('passes on what the service says went wrong, once', () => {
    const told = samples(() => 1).map((sample) => ({ ...sample, failures: ['3 records not delivered'] }))
    expect(judge(told).failures).toEqual(['3 records not delivered'])
  })
})

describe('the oracle of a soak', () => {
  const record = (stream: string, number: number): Parameters<Oracle['arrive']>[0] => ({
    attributes: [
      { key: 'audit.sequence.stream_id', value: { stringValue: stream } },
      { key: 'audit.sequence.number', value: { intValue: String(number) } },
    ],
  })

  it('names each acknowledged record that is neither at the collector nor set aside', () => {
    const oracle = new Oracle()
    for (const number of [2, 3, 4]) oracle.acknowledge('a', number)
    oracle.arrive(record('a', 2))
    oracle.arrive(record('b', 3))
    oracle.arrive(record('a', 4))
    expect(oracle.settle('/nowhere')).toMatchObject({ acknowledged: 3, arrived: 3, missing: ['a/3'] })
  })

  it('counts what gap records tell, each of them once, and leaves out what was set aside', () => {
    const oracle = new Oracle()
    const gap = (id: string, reason: string, unconfirmed: number): Parameters<Oracle['arrive']>[0] => ({
      eventName: 'audit.pipeline.gap',
      attributes: [{ key: 'audit.record.id', value: { stringValue: id } }],
      body: {
        kvlistValue: {
          values: [
            { key: 'reason', value: { stringValue: reason } },
            { key: 'unconfirmed', value: { intValue: String(unconfirmed) } },
          ],
        },
      },
    })
    oracle.refuse('disk_full')
    oracle.refuse('provider_timeout')
    for (const one of [gap('1', 'disk_full', 5), gap('1', 'disk_full', 5), gap('2', 'set_aside', 7)]) oracle.arrive(one)
    expect(oracle.settle('/nowhere')).toMatchObject({ refused: 2, refusedByDisk: 1, toldByGaps: 5 })
  })
})
