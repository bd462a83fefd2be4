/*
 * node earlier-ticks-child.ts <journal> <oracle file> <seed> [out-of-memory]
 *
 * Logs in tick after tick, awaiting nothing, until it ends: a process that runs out of memory, or a worker thread that is
 * terminated from outside. Each tick begins by telling the oracle file which records the tick before handed over, by a
 * synchronous write that no end takes back. When the end comes, the tick under way has told nothing of its own.
 */
import { randomUUID } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { createAuditLogger } from '../../src/index.ts'
import { randomFrom } from '../../src/cli/torture/random.ts'

const [dir = '', oracleFile = '', seed = '', end = ''] = process.argv.slice(2)
const random = randomFrom(Number(seed))
const oracle = openSync(oracleFile, 'a')
const logger = createAuditLogger({
  serviceName: 'earlier-ticks-child',
  journal: { dir, segmentMaxBytes: 128 * 1024 },
  collector: false,
  onProblem: ({ code, message }) => writeSync(oracle, `problem ${code}: ${message}\n`),
})

/** Memory goes a little with each tick, so that it ends anywhere in the library, or in one tick after some good ones. */
const leaksPerTick = random() < 0.5 ? 50_000 : 0
const goodTicks = 2 + Math.floor(random() * 30)
const hoard: number[][] = []

let handedOver: string[] = []
let ticks = 0

function tick(): void {
  if (handedOver.length > 0) writeSync(oracle, `tick ${handedOver.join(' ')}\n`)
  handedOver = []
  for (let left = 1 + Math.floor(random() ** 3 * 300); left > 0; left--) {
    const recordId = randomUUID()
    const event = { adminUserId: 'child', action: 'update', targetType: 'setting', targetId: ticks, recordId }
    void logger.logAction({ ...event, details: { filler: 'x'.repeat(Math.floor(random() * 400)) } })
    handedOver.push(recordId)
  }
  ticks++
  if (end === 'out-of-memory') fillMemory()
  if (random() < 0.8) setImmediate(tick)
  else setTimeout(tick, random() * 3)
}

function fillMemory(): void {
  if (leaksPerTick > 0) keep(leaksPerTick)
  else while (ticks > goodTicks) keep(100_000)
}

function keep(numbers: number): void {
  hoard.push(Array.from({ length: numbers }, (_, i) => i))
}

tick()
