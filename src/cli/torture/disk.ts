import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { plural } from '../figures.ts'
import { startHostileCollector } from '../../testing/index.ts'
import { alarmsOf, missingFrom, readDisk } from './oracle.ts'
import { pick } from './random.ts'
import { told, type Ground, type Scenario, type ScenarioResult } from './scenario.ts'

const roundMillis = 1_200

/** Writes and syncs of the journal fail while a victim logs; then the disk is well again. */
export const diskFaults: Scenario = {
  name: 'disk',
  async run(ground) {
    const rounds = Math.max(1, Math.round(ground.rounds / 5))
    const counts = { faults: 0, acknowledged: 0, refused: 0, toldByGaps: 0, streams: 0 }
    const failures: string[] = []
    let round = 0
    for (; round < rounds && !ground.stopped.aborted; round++) {
      const result = await diskRound(ground, round)
      counts.faults += result.faults
      counts.acknowledged += result.acknowledged
      counts.refused += result.refused
      counts.toldByGaps += result.toldByGaps
      counts.streams += result.streams
      failures.push(...result.failures.map((failure) => `round ${round + 1}: ${failure}`))
    }
    const tried = `${plural(round, 'service')} on a disk on which making, writing and syncing segments failed, with and without effect`
    return { tried, counts, failures }
  },
}

async function diskRound(ground: Ground, round: number): Promise<DiskRound> {
  const { random, seed, victims } = ground
  const dir = join(ground.directory, String(round), 'journal')
  const collector = await startHostileCollector({ keepRecords: false })
  try {
    const orders = { dir, url: collector.url, life: `${seed} disk ${round}`, calls: pick(random, [1, 8, 64]) }
    const victim = victims.start({ ...orders, end: 'told', diskFaults: Math.floor(random() * 2 ** 32) })
    await victim.up
    await Promise.race([sleep(roundMillis), victim.over])
    victim.tell()
    const { acknowledged, heads, refused, report, stderr } = await victim.over
    const faults = report?.injected ?? 0
    const base = { acknowledged: acknowledged.length, refused, faults, toldByGaps: 0, streams: 0 }
    if (report === undefined) return { ...base, failures: [`the victim did not come to an orderly end: ${stderr}`] }
    const disk = readDisk(dir)
    const failures = [
      ...told('acknowledged records missing on disk', missingFrom(acknowledged, disk.recordIds)),
      ...told(
        'acknowledged records missing at the collector',
        missingFrom(acknowledged, new Set(collector.recordIds())),
      ),
      ...told('findings of verify', await alarmsOf(dir, heads)),
    ]
    if (!report.recovered) failures.push('records were still refused when the disk was well again')
    if (report.undelivered > 0) failures.push(`${report.undelivered} records were not delivered`)
    if (disk.told < refused) failures.push(`${refused} records were refused, the trail tells of ${disk.told}`)
    const { conflicts } = collector.received()
    if (conflicts > 0) failures.push(`${conflicts} numbers arrived with two records`)
    return { ...base, toldByGaps: disk.told, streams: disk.streams, failures }
  } finally {
    await collector.close()
  }
}

interface DiskRound extends Pick<ScenarioResult, 'failures'> {
  readonly faults: number
  readonly acknowledged: number
  readonly refused: number
  readonly toldByGaps: number
  readonly streams: number
}
