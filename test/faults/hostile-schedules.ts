import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { attributeOf, type HostileBehaviour } from '../../src/testing/hostile-collector-behaviour.ts'
import { HostileTrail } from './hostile-trail.ts'
import { randomFrom } from '../../src/cli/torture/random.ts'

const weather: readonly HostileBehaviour[] = [
  { kind: 'status', status: 401 },
  { kind: 'status', status: 404 },
  { kind: 'status', status: 408 },
  { kind: 'status', status: 429, retryAfter: 0 },
  { kind: 'status', status: 500, keeps: true },
  { kind: 'status', status: 503 },
  { kind: 'redirect', location: '/elsewhere' },
  { kind: 'html' },
  { kind: 'html', keeps: true },
  { kind: 'answer', body: '"ok"' },
  { kind: 'cut' },
  { kind: 'cut', keeps: true },
  { kind: 'reset' },
  { kind: 'reset', keeps: true },
  { kind: 'silence' },
  { kind: 'silence', keeps: true },
  { kind: 'trickle' },
  { kind: 'flood', bytes: 1_000_000 },
  { kind: 'gzip-bomb', bytes: 4_000_000 },
]

/** These blame the records, and may be believed when they come and go. */
const blame: readonly HostileBehaviour[] = [
  { kind: 'status', status: 400 },
  { kind: 'status', status: 409 },
  { kind: 'status', status: 413 },
  { kind: 'status', status: 422 },
  { kind: 'partial', rejected: 2 },
  { kind: 'limit', bytes: 2_000 },
]

interface Totals {
  records: number
  duplicates: number
  poison: number
  setAside: number
  restarts: number
}

/** Schedules of behaviours, records, poison and restarts, each from its own seed. */
export async function runSchedules(seed: number, count: number): Promise<void> {
  const totals: Totals = { records: 0, duplicates: 0, poison: 0, setAside: 0, restarts: 0 }
  for (let n = 0; n < count; n++) await runSchedule(seed + n, totals)
  const { records, duplicates, poison, setAside, restarts } = totals
  process.stdout.write(
    `tried: ${count} hostile schedules: seeds ${seed} to ${seed + count - 1}, ${records} acknowledged, none lost, ${duplicates} twice, ` +
      `${poison} poison, ${setAside} set aside, ${restarts} restarts\n`,
  )
}

async function runSchedule(seed: number, totals: Totals): Promise<void> {
  const random = randomFrom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const blames = random() < 0.5
  const trail = await HostileTrail.start({}, { timeoutMillis: 100, maxRequestBytes: pick([4_000, 60_000, 1_048_576]) })
  const { collector } = trail
  const refusal = pick([400, 413, 422, 'partial'] as const)
  // Fair weather: poison is refused, everything else is taken.
  const fair: HostileBehaviour = {
    kind: 'refuse',
    when: (record) => attributeOf(record, 'audit.action') === 'poison',
    status: refusal,
  }
  const poison = new Set<string>()
  const steps = 4 + Math.floor(random() * 8)
  try {
    for (let step = 0; step < steps; step++) {
      collector.behave(fair)
      if (random() < 0.5) await sleep(random() * 60)
      collector.behave(blames && random() < 0.4 ? pick(blame) : pick(weather))
      await trail.log(Math.floor(random() * random() * 300))
      if (random() < 0.4) for (const id of await trail.log(1, { action: 'poison' })) poison.add(id)
      await sleep(random() * 150)
      if (random() < 0.25) {
        totals.restarts++
        await trail.restart()
      }
    }
    collector.behave(fair)
    await trail.log(1)
    const undelivered = await trail.drain(30_000)
    const accounts = trail.accounts()
    totals.records += accounts.acknowledged
    totals.duplicates += accounts.duplicates
    totals.poison += poison.size
    totals.setAside += accounts.setAside.length
    const innocent = accounts.setAside.filter((id) => !poison.has(id))
    const what = `seed ${seed}`
    expect({ what, undelivered }).toEqual({ what, undelivered: 0 })
    expect({ what, ...accounts }).toMatchObject({ what, missing: [], overlaps: 0, conflicts: 0 })
    if (!blames) expect({ what, innocent }).toEqual({ what, innocent: [] })
    // A poisonous record that is compared with others may be kept by the next fault, after them.
    if (!blames && refusal !== 'partial') expect(accounts.outOfOrder, what).toBeLessThanOrEqual(poison.size)
  } finally {
    await trail.end()
  }
}
