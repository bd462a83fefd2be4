import { join } from 'node:path'
import { startHostileCollector, type HostileBehaviour, type HostileCollector } from '../../testing/index.ts'
import { alarmsOf, missingFrom, readDisk } from './oracle.ts'
import { pick } from './random.ts'
import { told, type Ground, type Scenario, type ScenarioResult } from './scenario.ts'

/** Victims die by SIGKILL under load, one after the other on one journal; the last life delivers what they left. */
export const kills: Scenario = {
  name: 'kill',
  async run(ground) {
    const collector = await startHostileCollector({ keepRecords: false })
    try {
      return await killRounds(ground, collector)
    } finally {
      await collector.close()
    }
  },
}

async function killRounds(ground: Ground, collector: HostileCollector): Promise<ScenarioResult> {
  const { random, rounds, stopped, victims, progress, seed } = ground
  const dir = join(ground.directory, 'journal')
  const acknowledged = new Set<string>()
  const failures: string[] = []
  let round = 0
  for (; round < rounds && !stopped.aborted; round++) {
    const calls = pick(random, [1, 8, 64, 600])
    const [early, millis] = [random() < 0.2, random() * 150]
    collector.behave(
      pick<HostileBehaviour>(random, [{ kind: 'good' }, { kind: 'status', status: 503 }, { kind: 'silence' }]),
    )
    const victim = victims.start({ dir, url: collector.url, life: `${seed} kill ${round}`, end: 'killed', calls })
    await (early ? victim.up : victim.confirmed)
    setTimeout(victim.kill, millis)
    const life = await victim.over
    for (const id of life.acknowledged) acknowledged.add(id)
    if (life.signal !== 'SIGKILL') failures.push(`round ${round + 1}: the victim ended by itself: ${life.stderr}`)
    if ((round + 1) % 10 === 0) progress(`round ${round + 1} of ${rounds}, ${acknowledged.size} acknowledged`)
  }
  collector.behave({ kind: 'good' })
  const last = victims.start({ dir, url: collector.url, life: `${seed} last`, end: 'told', calls: 1, pauseMillis: 20 })
  await last.confirmed
  last.tell()
  const { report } = await last.over
  const disk = readDisk(dir)
  const arrived = new Set(collector.recordIds())
  const { duplicates, conflicts } = collector.received()
  failures.push(
    ...told('acknowledged records missing on disk', missingFrom(acknowledged, disk.recordIds)),
    ...told('acknowledged records missing at the collector', missingFrom(acknowledged, arrived)),
    ...told('findings of verify', await alarmsOf(dir)),
  )
  if (report?.undelivered !== 0)
    failures.push(`the last life left ${report?.undelivered ?? 'an unknown number'} undelivered`)
  if (conflicts > 0) failures.push(`${conflicts} numbers arrived with two records`)
  return {
    tried: `${round} ${round === 1 ? 'process' : 'processes'} killed under load, then one that delivered what they left`,
    counts: {
      acknowledged: acknowledged.size,
      onDisk: disk.recordIds.size,
      atCollector: arrived.size,
      streams: disk.streams,
      duplicates,
    },
    failures,
  }
}
