import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { createAuditLogger } from '../../src/create-audit-logger.ts'
import { startHostileCollector, type HostileCollector } from '../../src/testing/hostile-collector.ts'
import { randomFrom, type Random } from '../../src/cli/torture/random.ts'
import { verifyJournal } from './verify-journal.ts'

export type WritersKind = 'cluster' | 'threads' | 'copies'

export interface SeveralWriters {
  readonly kind: WritersKind
  /** Processes killed with SIGKILL and replaced under load, before one dies that is not replaced. */
  readonly kills: number
  readonly seed: number
  /** Removes all locks again and again: living streams are then adopted by others. */
  readonly losesLocks?: boolean
}

const root = path.join(import.meta.dirname, '../..')
const child = path.join(import.meta.dirname, 'writers-child.ts')
const survivorMillis = 20_000
const writersOf = { cluster: 4, threads: 1, copies: 4 }

/** Kills writers of one journal directory under load, then holds disk, far end and oracle together. */
export async function killSeveralWriters({ kind, kills, seed, losesLocks = false }: SeveralWriters): Promise<void> {
  const random = randomFrom(seed)
  const collector = await startHostileCollector({ keepRecords: false })
  onTestFinished(() => collector.close())
  const writers = new Writers(kind, collector)
  onTestFinished(() => writers.clear())
  writers.begin()
  const saboteur = setInterval(() => losesLocks && writers.removeLocks(), 100)
  onTestFinished(() => clearInterval(saboteur))
  for (let kill = 0; kill < kills; kill++) {
    await sleep(200 + random() * 500)
    await writers.killOne(random, true)
  }
  await sleep(500)
  const rest = await writers.loseOne(random)
  const arrived = (): boolean => {
    const there = new Set(collector.recordIds())
    return rest().every((id) => there.has(id))
  }
  const took = losesLocks ? undefined : await until(arrived, survivorMillis)
  writers.endAll()
  // As long as one of them dies, its stream is a living writer's, whom nobody adopts.
  await until(() => writers.allGone, 30_000)
  clearInterval(saboteur)
  const oracle = writers.oracle()
  const last = createAuditLogger({
    journal: { dir: writers.journal },
    collector: { url: collector.url },
    onProblem: () => undefined,
  })
  await last.ready()
  expect(await last.drain({ timeoutMillis: 60_000 })).toEqual({ undelivered: 0 })
  await last.shutdown({ drain: true })
  const disk = await verifyJournal(writers.journal)
  const received = new Set(collector.recordIds())
  const { duplicates, outOfOrder, conflicts } = collector.received()
  const streams = writersOfStreams(writers.journal)
  process.stdout.write(
    `tried: several writers, ${kind}: seed ${seed}, ${writers.killed} kills, ${oracle.writers} writers, ${disk.streams} streams, ` +
      `${oracle.acknowledged.length} acknowledged, ${received.size} received, ${duplicates} twice; ` +
      (took === undefined
        ? 'locks were lost\n'
        : `a dead writer's ${rest().length} records were all at the collector ${took} ms later\n`),
  )
  expect(oracle.acknowledged.length).toBeGreaterThan(100)
  expect(oracle.acknowledged.filter((id) => !disk.recordIds.has(id))).toEqual([])
  expect(oracle.acknowledged.filter((id) => !received.has(id))).toEqual([])
  expect(disk.alarms).toEqual([])
  expect(conflicts).toBe(0)
  if (!losesLocks) expect(outOfOrder).toBe(0)
  expect([...streams].filter(([, names]) => names.size > 1)).toEqual([])
  const all = [...streams.values()].flatMap((names) => [...names])
  expect(all.length).toBe(new Set(all).size)
  // Two that deliver one stream replace the same small files.
  const expected = losesLocks ? /torn: |can't be (?:marked|written)|lock_unavailable/ : /torn: /
  expect(oracle.problems.filter((problem) => !expected.test(problem))).toEqual([])
}

class Writers {
  readonly journal: string
  killed = 0
  readonly #kind: WritersKind
  readonly #collector: HostileCollector
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'otel-audit-writers-'))
  readonly #oracleFile = path.join(this.#directory, 'oracle')
  readonly #children = new Set<ChildProcess>()

  constructor(kind: WritersKind, collector: HostileCollector) {
    this.#kind = kind
    this.#collector = collector
    this.journal = path.join(this.#directory, 'deep', 'journal')
    writeFileSync(this.#oracleFile, '')
    if (kind !== 'copies') return
    cpSync(path.join(root, 'src'), path.join(this.#directory, 'src'), { recursive: true })
    cpSync(path.join(root, 'package.json'), path.join(this.#directory, 'package.json'))
    symlinkSync(path.join(root, 'node_modules'), path.join(this.#directory, 'node_modules'))
  }

  begin(): void {
    this.#spawn()
    if (this.#kind === 'copies') this.#spawn()
  }

  /** Kills a process that writes at any moment; a cluster replaces its workers itself. */
  async killOne(random: Random, replace: boolean): Promise<string[]> {
    await until(() => this.#allBusy(), 30_000)
    const living = this.#living()
    const pid = living[Math.floor(random() * living.length)] ?? 0
    process.kill(pid, 'SIGKILL')
    this.killed++
    if (replace && this.#kind !== 'cluster') this.#spawn()
    return this.#lines('up')
      .filter(([writer]) => writer?.startsWith(`${pid}.`) === true)
      .map(([writer]) => writer ?? '')
  }

  /** A writer dies and is not replaced. Returns what it was confirmed. */
  async loseOne(random: Random): Promise<() => string[]> {
    let dead: string[]
    if (this.#kind === 'copies') dead = await this.killOne(random, false)
    else {
      await until(() => this.#allBusy(), 30_000)
      for (const { pid } of this.#children) if (pid !== undefined) process.kill(pid, 'SIGUSR2')
      if (this.#kind === 'cluster') {
        await sleep(100)
        dead = await this.killOne(random, false)
      } else {
        await until(() => this.#lines('lost').length > 0, 20_000)
        dead = this.#lines('lost')
          .slice(-1)
          .map(([writer]) => writer ?? '')
      }
    }
    return () =>
      this.#lines('ack')
        .filter(([writer = '']) => dead.includes(writer))
        .map(([, id]) => id ?? '')
  }

  removeLocks(): void {
    if (!existsSync(this.journal)) return
    for (const stream of readdirSync(this.journal).filter(isStream)) {
      rmSync(path.join(this.journal, stream, 'lock'), { force: true })
    }
  }

  endAll(): void {
    for (const one of this.#children) one.kill('SIGKILL')
    for (const pid of this.#living()) process.kill(pid, 'SIGKILL')
  }

  get allGone(): boolean {
    return this.#children.size === 0 && this.#living().length === 0
  }

  clear(): void {
    this.endAll()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  oracle(): { acknowledged: string[]; writers: number; problems: string[] } {
    const acknowledged = this.#lines('ack').map(([, id]) => id ?? '')
    const problems = this.#lines('problem').map((words) => words.join(' '))
    return { acknowledged, writers: this.#lines('up').length, problems }
  }

  #spawn(): void {
    const copy = path.join(this.#directory, 'src/create-audit-logger.ts')
    const args = [child, this.#kind, this.journal, this.#collector.url, this.#oracleFile, copy]
    const one = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    this.#children.add(one)
    one.on('exit', () => this.#children.delete(one))
  }

  /** Processes that write: a line in the oracle, and not yet gone. */
  #living(): number[] {
    const pids = new Set(this.#lines('up').map(([writer]) => Number.parseInt(writer ?? '')))
    return [...pids].filter(isAlive)
  }

  /** As many as there should be have been confirmed some records each. */
  #allBusy(): boolean {
    const pids = this.#living()
    const gone = new Set(this.#lines('ended').map(([writer]) => writer))
    const living = this.#lines('up').filter(([name = '']) => !gone.has(name) && pids.includes(Number.parseInt(name)))
    const counts = new Map<string | undefined, number>()
    for (const [writer] of this.#lines('ack')) counts.set(writer, (counts.get(writer) ?? 0) + 1)
    const busy = living.filter(([writer]) => (counts.get(writer) ?? 0) >= 20)
    return busy.length >= writersOf[this.#kind]
  }

  #lines(first: string): string[][] {
    const lines = readFileSync(this.#oracleFile, 'utf8').split('\n')
    return lines.filter((line) => line.startsWith(`${first} `)).map((line) => line.split(' ').slice(1))
  }
}

function isStream(name: string): boolean {
  return name.length === 36
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Killed and not yet waited for by its parent.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function until(condition: () => boolean, millis: number): Promise<number> {
  const started = performance.now()
  while (!condition()) {
    if (performance.now() - started > millis) throw new Error(`not within ${millis} ms`)
    await sleep(50)
  }
  return Math.round(performance.now() - started)
}

/** Which writers' names stand in the records of each stream, read from the files by plain means. */
export function writersOfStreams(journal: string): Map<string, Set<string>> {
  const streams = new Map<string, Set<string>>()
  for (const stream of readdirSync(journal).filter(isStream)) {
    const writers = new Set<string>()
    for (const name of readdirSync(path.join(journal, stream))) {
      if (!name.endsWith('.otlp.jsonl')) continue
      const text = readFileSync(path.join(journal, stream, name), 'utf8')
      for (const [, writer = ''] of text.matchAll(/"key":"writer","value":\{"stringValue":"([\d.]+)"/g)) {
        writers.add(writer)
      }
    }
    streams.set(stream, writers)
  }
  return streams
}
