import { join } from 'node:path'
import { alarmsOf, missingFrom, readDisk } from './oracle.ts'
import { recordIdOf, type VictimEnd } from './orders.ts'
import { told, type Scenario } from './scenario.ts'

const ends: readonly VictimEnd[] = ['exit', 'throw', 'reject', 'signal', 'abort']
const calls = 700

/** A process ends in every sudden way right after calls that nobody awaited. */
export const exits: Scenario = {
  name: 'exits',
  async run({ directory, victims, seed, stopped }) {
    const failures: string[] = []
    let found = 0
    let tried = 0
    for (const end of ends) {
      if (stopped.aborted) break
      const dir = join(directory, end)
      const life = `${seed} ${end}`
      await victims.start({ dir, life, end, calls }).over
      tried++
      const handedOver = Array.from({ length: calls }, (_, call) => recordIdOf(life, call))
      const missing = missingFrom(handedOver, readDisk(dir).recordIds)
      found += calls - missing.length
      failures.push(...told(`records missing on disk after ${end}`, missing))
      failures.push(...told(`findings of verify after ${end}`, await alarmsOf(dir)))
    }
    return {
      tried: `${calls} calls without await, then the end by ${ends.slice(0, tried).join(', ')}`,
      counts: { handedOver: tried * calls, onDisk: found },
      failures,
    }
  },
}
