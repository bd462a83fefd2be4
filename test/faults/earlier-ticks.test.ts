import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { randomFrom, type Random } from '../../src/cli/torture/random.ts'
import { nextLife } from './next-life.ts'
import { verifyJournal } from './verify-journal.ts'

const child = path.join(import.meta.dirname, 'earlier-ticks-child.ts')
const seed = Number(process.env['TICKS_SEED'] ?? Date.now() % 1_000_000)

type Life = (dir: string, oracle: string, random: Random) => Promise<void>

const ends: { what: string; rounds: number; live: Life }[] = [
  { what: 'out of memory', rounds: 6, live: untilOutOfMemory },
  { what: 'worker.terminate()', rounds: 12, live: untilTerminated },
]

describe('records handed over before the current tick are in the journal, verify and are delivered by the next logger', () => {
  for (const { what, rounds, live } of ends) {
    it(`after ${what}`, { timeout: 120_000 }, async () => {
      const random = randomFrom(seed)
      const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-ticks-'))
      onTestFinished(() => rmSync(root, { recursive: true, force: true }))
      const dir = path.join(root, 'journal')
      const ticks: string[][] = []
      for (let round = 0; round < rounds; round++) {
        const oracle = path.join(root, `oracle-${round}`)
        await live(dir, oracle, random)
        const told = linesOf(oracle)
        expect(told.filter((line) => !/^(tick|problem queue_high_water:) /.test(line))).toEqual([])
        const ofRound = told.filter((line) => line.startsWith('tick ')).map((line) => line.split(' ').slice(1))
        expect(ofRound.length, `ticks of round ${round}, seed ${seed}`).toBeGreaterThan(0)
        ticks.push(...ofRound)
      }
      const handedOver = ticks.flat()
      const { recordIds, streams, alarms } = await verifyJournal(dir)
      const missing = handedOver.filter((id) => !recordIds.has(id))
      expect(missing, `missing on disk, seed ${seed}`).toEqual([])
      expect(alarms, `seed ${seed}`).toEqual([])
      expect(streams).toBe(rounds)
      const received = await deliver(dir)
      const undelivered = [...recordIds].filter((id) => !received.has(id))
      expect(undelivered, `not delivered, seed ${seed}`).toEqual([])
      expect((await verifyJournal(dir)).alarms).toEqual([])
      process.stdout.write(
        `tried: ${what}: seed ${seed}, ${rounds} ends, ${handedOver.length} records handed over in ${ticks.length} earlier ticks, ` +
          `${recordIds.size} on disk, 0 missing, all on disk delivered by the next logger\n`,
      )
    })
  }
})

/** What a new logger on the directory delivers. */
async function deliver(dir: string): Promise<Set<string>> {
  const { problems, collector } = await nextLife(dir)
  expect(problems.filter((problem) => !problem.startsWith('torn: '))).toEqual([])
  expect(collector.received()).toMatchObject({ duplicates: 0, outOfOrder: 0, conflicts: 0 })
  return new Set(collector.recordIds())
}

function untilOutOfMemory(dir: string, oracle: string, random: Random): Promise<void> {
  const args = ['--max-old-space-size=48', child, dir, oracle, String(Math.floor(random() * 1e6)), 'out-of-memory']
  return new Promise((resolve, reject) => {
    // What a core is dumped to goes with the test.
    const life = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: path.dirname(dir) })
    let errors = ''
    life.stderr.on('data', (chunk) => (errors += String(chunk)))
    life.on('close', (code, signal) => {
      if (signal === 'SIGABRT' && errors.includes('heap out of memory')) resolve()
      else reject(new Error(`not out of memory, but ended by ${signal ?? code}: ${errors}`))
    })
  })
}

async function untilTerminated(dir: string, oracle: string, random: Random): Promise<void> {
  const worker = new Worker(child, { argv: [dir, oracle, Math.floor(random() * 1e6)], execArgv: [] })
  const failed = new Promise<never>((_, reject) => worker.on('error', reject))
  const busy = async (): Promise<void> => {
    while (linesOf(oracle).length === 0) await sleep(1)
    await sleep(random() * 100)
  }
  await Promise.race([busy(), failed])
  await worker.terminate()
}

/** What was still being written when the end came told nothing. */
function linesOf(oracle: string): string[] {
  return existsSync(oracle) ? readFileSync(oracle, 'utf8').split('\n').slice(0, -1) : []
}
