import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { defaultCollectorSettings } from '../../src/delivery/collector-settings.ts'
import { createDelivery } from '../../src/delivery/delivery.ts'
import { attributeOf, type HostileBehaviour } from '../../src/testing/hostile-collector-behaviour.ts'
import { startHostileCollector } from '../../src/testing/hostile-collector.ts'
import { FakeJournal } from './fake-journal.ts'
import { sleep } from './rig.ts'

let schedules = 0
let records = 0
afterAll(() => {
  console.log(`delivery schedules: ${schedules} random ones, ${records} records, none lost`)
})

const weather: HostileBehaviour[] = [
  { kind: 'status', status: 503 },
  { kind: 'status', status: 429, retryAfter: 0 },
  { kind: 'status', status: 401 },
  { kind: 'redirect', location: '/elsewhere' },
  { kind: 'html', keeps: true },
  { kind: 'cut', keeps: true },
  { kind: 'reset' },
  { kind: 'reset', keeps: true },
  { kind: 'silence', keeps: true },
  { kind: 'answer', body: '{"partialSuccess":{"rejectedLogRecords":null,' },
]

const poisonous: HostileBehaviour = {
  kind: 'refuse',
  when: (record) => attributeOf(record, 'audit.action') === 'poison',
}

const line = fc.array(
  fc.boolean().map((poison) => poison),
  { minLength: 1, maxLength: 40 },
)
const schedule = fc.record({
  /** Streams of lines of records; true = poison, made rare below. */
  streams: fc.array(fc.array(line, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
  rarity: fc.integer({ min: 1, max: 12 }),
  faults: fc.array(fc.tuple(fc.constantFrom(...weather), fc.integer({ min: 1, max: 4 })), { maxLength: 6 }),
  maxRequestBytes: fc.constantFrom(3_000, 20_000, 1_048_576),
  partial: fc.boolean(),
})

describe('under any schedule of faults', () => {
  it('everything arrives or, if it is poison, is set aside; nothing overlaps and nothing forks', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async ({ streams, rarity, faults, maxRequestBytes, partial }) => {
        const collector = await startHostileCollector()
        const journal = new FakeJournal()
        let count = 0
        const poison = new Set<string>()
        for (const lines of streams) {
          const stream = journal.stream()
          for (const flags of lines) {
            const chosen = flags.map((flag) => flag && count++ % rarity === 0)
            stream.append(chosen.map((isPoison) => (isPoison ? { action: 'poison' } : {})))
            chosen.forEach((isPoison, index) => {
              const number = stream.last - flags.length + 1 + index
              if (isPoison) poison.add(stream.recordIds[number] ?? '')
            })
          }
          // A last good record: a server that refuses all there is is no server to set records aside for.
          stream.append([{}])
        }
        const delivery = createDelivery({
          source: journal,
          collector: {
            ...defaultCollectorSettings,
            url: collector.url,
            maxRequestBytes,
            timeoutMillis: 60,
            initialBackoffMillis: 1,
            maxBackoffMillis: 4,
            pauseMillis: 2,
          },
          onProblem: () => undefined,
          metrics: { emitted() {}, exported() {}, dropped() {}, exportDuration() {}, close() {} },
        })
        const drained = delivery.drain({ timeoutMillis: 20_000 })
        for (const [behaviour, requests] of faults) {
          const before = collector.received().requests
          collector.behave(behaviour)
          for (let n = 0; n < 40 && collector.received().requests < before + requests; n++) await sleep(3)
          collector.behave({ ...poisonous, ...(partial && { status: 'partial' }) })
          await sleep(4)
        }
        collector.behave({ ...poisonous, ...(partial && { status: 'partial' }) })
        const done = await drained
        await delivery.stop()
        const there = new Set(collector.recordIds())
        const aside = new Set(journal.setAsides.map((entry) => entry.recordId))
        const all = journal.streams.flatMap((stream) => stream.recordIds.slice(1))
        const { overlaps, conflicts } = collector.received()
        await collector.close()
        schedules++
        records += all.length
        expect(done).toBe(true)
        expect(all.filter((id) => !there.has(id) && !aside.has(id))).toEqual([])
        expect([...aside].filter((id) => !poison.has(id))).toEqual([])
        expect({ overlaps, conflicts }).toEqual({ overlaps: 0, conflicts: 0 })
        expect(journal.undelivered).toBe(0)
      }),
      { numRuns: 30, endOnFailure: true },
    )
  }, 120_000)
})
