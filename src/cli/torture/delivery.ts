import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startHostileCollector, type HostileBehaviour, type HostileCollector } from '../../testing/index.ts'
import { alarmsOf, missingFrom } from './oracle.ts'
import { poisonAction } from './orders.ts'
import { told, type Ground, type Scenario, type ScenarioResult } from './scenario.ts'

const phaseMillis = 200
const mebibyte = 1_048_576

/** Wrong answers after which every record still arrives. */
export const behaviours: readonly HostileBehaviour[] = [
  ...[401, 403, 404, 405, 408, 429, 500, 503].map((status) => ({ kind: 'status' as const, status })),
  { kind: 'status', status: 429, retryAfter: 0 },
  { kind: 'status', status: 503, keeps: true },
  { kind: 'redirect', location: 'http://127.0.0.1:9/v1/logs' },
  { kind: 'html' },
  { kind: 'answer', body: '{"partialSuccess":' },
  { kind: 'cut', keeps: true },
  { kind: 'reset' },
  { kind: 'reset', keeps: true },
  { kind: 'silence' },
  { kind: 'trickle' },
  { kind: 'flood', bytes: 8 * mebibyte },
  { kind: 'gzip-bomb', bytes: 64 * mebibyte },
  { kind: 'limit', bytes: 4_000 },
]

/** A collector that misbehaves in every way, one after the other, and refuses single records for good. */
export const hostileDelivery: Scenario = {
  name: 'delivery',
  async run(ground) {
    const collector = await startHostileCollector({ keepRecords: false })
    try {
      return await deliver(ground, collector)
    } finally {
      await collector.close()
    }
  },
}

async function deliver(ground: Ground, collector: HostileCollector): Promise<ScenarioResult> {
  const { victims, seed, stopped, progress } = ground
  const dir = join(ground.directory, 'journal')
  const poison: HostileBehaviour = {
    kind: 'refuse',
    when: (record) =>
      record.attributes?.some(({ key, value }) => key === 'audit.action' && value?.['stringValue'] === poisonAction) ===
      true,
  }
  collector.behave(poison)
  const orders = { dir, url: collector.url, life: `${seed} delivery`, calls: 4, pauseMillis: 4, poisonEvery: 199 }
  const victim = victims.start({ ...orders, end: 'told' })
  await victim.confirmed
  let phases = 0
  const failures: string[] = []
  for (const behaviour of behaviours) {
    if (stopped.aborted) break
    collector.behave(behaviour)
    await Promise.race([sleep(phaseMillis), victim.over])
    const { records } = collector.received()
    collector.behave(poison)
    // The longest wait of a victim's delivery is 1 s: fresh records flow well within this.
    const flows = await collector
      .until((summary) => summary.records > records, 10_000)
      .then(
        () => true,
        () => false,
      )
    if (!flows) failures.push(`nothing arrived within 10 s after ${JSON.stringify(behaviour)}`)
    if (++phases % 7 === 0) progress(`${phases} of ${behaviours.length} behaviours, ${records} records arrived`)
  }
  victim.tell()
  const { acknowledged, report, stderr } = await victim.over
  if (report === undefined) failures.push(`the victim did not come to an orderly end: ${stderr}`)
  const asideIds = setAsideIds(join(dir, 'set-aside'))
  const { records, duplicates, outOfOrder, overlaps, conflicts, requests } = collector.received()
  const there = new Set([...collector.recordIds(), ...asideIds])
  failures.push(
    ...told('acknowledged records neither at the collector nor set aside', missingFrom(acknowledged, there)),
    ...told('findings of verify', await alarmsOf(dir)),
  )
  // A record that was refused alone is sent again after a later one was accepted; it may arrive then, if the collector has
  // just changed its mind.
  if (outOfOrder > phases) failures.push(`${outOfOrder} records arrived out of order`)
  if (conflicts > 0) failures.push(`${conflicts} numbers arrived with two records`)
  if (report !== undefined && report.undelivered > 0) failures.push(`${report.undelivered} records were not delivered`)
  return {
    tried: `${phases} ways of misbehaving, ${requests} requests`,
    counts: {
      acknowledged: acknowledged.length,
      atCollector: records,
      setAside: asideIds.length,
      duplicates,
      overlaps,
    },
    failures,
  }
}

function setAsideIds(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => {
      const entry = JSON.parse(readFileSync(join(directory, name), 'utf8')) as { recordId?: string }
      return entry.recordId ?? ''
    })
  } catch {
    return []
  }
}
