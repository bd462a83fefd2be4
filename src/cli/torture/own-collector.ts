import { join } from 'node:path'
import type { CollectorSettings } from '../../delivery/collector-settings.ts'
import { checkAnswer } from '../doctor/answer.ts'
import { checkConnection } from '../doctor/connection.ts'
import { alarmsOf, missingFrom, readDisk } from './oracle.ts'
import { pick } from './random.ts'
import { told, type Scenario } from './scenario.ts'

/** Variables that reach a victim which delivers to the user's collector. */
const passed = /^AUDIT_COLLECTOR_(HEADERS|TLS_|COMPRESSION$|TIMEOUT_MILLIS$|MAX_REQUEST_BYTES$)/
const limitMillis = 5_000

/** The user's own collector: what it acknowledges counts as arrived, for that is all that can be told from here. */
export function ownCollector(settings: CollectorSettings): Scenario {
  return {
    name: 'endpoint',
    async run({ directory, random, rounds, seed, victims, stopped, progress }) {
      const checks = await checkConnection(settings, limitMillis)
      if (checks.every(({ status }) => status !== 'fail')) checks.push(...(await checkAnswer(settings, limitMillis)))
      const problem = checks.find(({ status }) => status === 'fail')
      if (problem !== undefined) {
        return {
          tried: 'nothing',
          counts: {},
          failures: [],
          unchecked: `${problem.name}: ${problem.found}; see otel-audit doctor`,
        }
      }
      const dir = join(directory, 'journal')
      const acknowledged = new Set<string>()
      const lives = Math.max(1, Math.min(10, Math.round(rounds / 4)))
      const orders = { dir, url: settings.url, patient: true }
      let life = 0
      for (; life < lives && !stopped.aborted; life++) {
        const calls = pick(random, [1, 8, 64])
        const victim = victims.start(
          { ...orders, life: `${seed} own ${life}`, end: 'killed', calls, pauseMillis: 2 },
          passed,
        )
        await victim.confirmed
        setTimeout(victim.kill, 200 + random() * 600)
        for (const id of (await victim.over).acknowledged) acknowledged.add(id)
        progress(`life ${life + 1} of ${lives}, ${acknowledged.size} acknowledged here`)
      }
      const last = victims.start(
        { ...orders, life: `${seed} own last`, end: 'told', calls: 1, pauseMillis: 20 },
        passed,
      )
      await last.confirmed
      last.tell()
      const { report, stderr } = await last.over
      const disk = readDisk(dir)
      const failures = [
        ...told('acknowledged records missing on disk', missingFrom(acknowledged, disk.recordIds)),
        ...told('findings of verify', await alarmsOf(dir)),
      ]
      if (report === undefined) failures.push(`the last life did not come to an orderly end: ${stderr}`)
      else if (report.undelivered > 0) {
        failures.push(
          `${report.undelivered} records were not acknowledged by the collector within 20 s; ${report.reasons.join('; ')}`,
        )
      }
      if (disk.setAside > 0)
        failures.push(`${disk.setAside} records were refused by the collector for good and set aside`)
      return {
        tried: `${life} processes killed while they delivered to ${new URL(settings.url).host}, then one that delivered the rest`,
        counts: {
          acknowledged: acknowledged.size,
          onDisk: disk.recordIds.size,
          acknowledgedByCollector: disk.recordIds.size - (report?.undelivered ?? 0) - disk.setAside,
          setAside: disk.setAside,
        },
        failures,
      }
    },
  }
}
