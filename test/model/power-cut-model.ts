/*
 * node test/model/power-cut-model.ts --seed N --sequences N [--source DIR]
 *
 * Runs the real journal on the simulated disk, cuts the power (or kills the process) after its operations, and holds wire,
 * receipts and disk together. `--source` names another copy of src, for mutants. Prints one line of JSON.
 */
import { hash } from 'node:crypto'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Journal as JournalClass } from '../../src/journal/journal.ts'
import { randomFrom, type Random } from '../../src/cli/torture/random.ts'
import { begin, turn } from './event-loop.ts'
import {
  cloneDisk,
  failWriteback,
  newDirectory,
  noFaults as none,
  powerCut,
  someFaults as some,
  type DirectoryNode,
  type Faults,
  type Node,
  type Survival,
} from './sim-disk.ts'
import { SimFileSystem, SimSyncEngine } from './sim-file-system.ts'
import { recordsOf, World } from './world.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    sequences: { type: 'string', default: '2000' },
    source: { type: 'string', default: path.join(import.meta.dirname, '../../src') },
    'cursor-first': { type: 'boolean', default: false },
    'stop-at-first': { type: 'boolean', default: false },
  },
})
const { Journal } = (await import(pathToFileURL(path.join(values.source, 'journal/journal.ts')).href)) as {
  Journal: typeof JournalClass
}

process.setMaxListeners(0)

const survivals: readonly Survival[] = ['all', 'none', 'one lost', 'random']

let [sequences, acknowledged] = [0, 0]

interface Life {
  readonly fs: SimFileSystem
  readonly engine: SimSyncEngine
  readonly journal: JournalClass<string>
  readonly problems: string[]
}

function live(root: DirectoryNode, world: World, random: Random, faults: Faults): Life {
  const fs = new SimFileSystem(root, random, faults)
  const engine = new SimSyncEngine(fs)
  begin(fs, random)
  const problems: string[] = []
  const journal = new Journal<string>({
    directory: '/journal',
    segmentMaxBytes: 900,
    maxBytes: Infinity,
    maxUnsyncedBytes: 1e9,
    maxUnsyncedRecords: 1e9,
    onQueueFull: 'block',
    fs,
    engine,
    takeLock: () => ({ state: 'held', lock: { release: () => undefined } }),
    codec: {
      seal(record, { streamId, number, previousHash }) {
        const digest = hash('sha256', `${streamId} ${number} ${previousHash} ${record}`)
        return { wire: `{"n":${number},"h":"${digest}","t":"${record}"}`, hash: digest }
      },
      opening: () => '{"scopeLogs":[{"logRecords":[',
      closing: ']}]}',
    },
    records: {
      start: (_stream, reason) => (reason === undefined ? 'start' : 'start again'),
      stop: () => 'stop',
      gap: (_stream, { reason, count }) => `gap ${reason} ${count}`,
      adopt: ({ stream, lastNumber, state }) => `adopt ${stream} ${lastNumber} ${state}`,
    },
    newStreamId: () => `00000000-0000-4000-8000-${String(++world.streams).padStart(12, '0')}`,
    report: ({ code, message }) => problems.push(`${code}: ${message}`),
    delivers: true,
    retainMillis: Infinity,
    now: () => 0,
  })
  return { fs, engine, journal, problems }
}

function die(life: Life): void {
  life.fs.alive = false
  process.removeAllListeners('exit')
}

function append({ journal, fs }: Life, world: World, text: string): void {
  journal.append(text, {
    durable: (stream, number, digest) => {
      acknowledged++
      world.acknowledge({ stream, number, hash: digest })
    },
    refused: ({ message }) => {
      if (fs.alive && fs.injected < 2 && !message.includes('no stream in'))
        world.bad.push(`refused after one fault: ${message.replaceAll(/\d+/g, 'N')}`)
    },
  })
}

/** One look at what there is to deliver; the far end takes or refuses each record. */
function deliver({ journal }: Life, world: World, random: Random, refusals: number): boolean {
  const stream = journal.nextStream()
  const lines = stream?.readLines(random() < 0.5 ? 1 : 5000) ?? []
  const last = lines.at(-1)
  if (stream === undefined || last === undefined) return false
  const end = { number: last.last, hash: last.headHash }
  if (values['cursor-first']) stream.advance(end)
  for (const { bytes } of lines) {
    for (const record of recordsOf(bytes) ?? []) {
      if (record.number <= stream.cursor.number && !values['cursor-first']) continue
      if (random() < refusals) {
        const answer = { status: 400, body: '', receivedAt: '' }
        const { number } = record
        try {
          journal.setAside({ stream: stream.id, number, recordId: '', reason: 'rejected', request: '{}', answer })
        } catch {
          return false // not durable, so the cursor stays
        }
        world.pass(record, 'set aside')
      } else world.pass(record, 'on the wire')
    }
  }
  stream.advance(end)
  return true
}

interface Moment {
  readonly root: DirectoryNode
  readonly world: World
}

/** A life under load; returns the moments at which it may have ended. */
async function run(
  root: DirectoryNode,
  world: World,
  random: Random,
  faults: Faults,
  everyOperation: boolean,
): Promise<Moment[]> {
  const life = live(root, world, random, faults)
  if (faults !== none) world.ghosts = true
  const { fs, engine, journal } = life
  const moments: Moment[] = []
  fs.afterOperation = () => {
    if (everyOperation || random() < 0.08) moments.push({ root: cloneDisk(root), world: world.copy() })
  }
  const steps = 4 + Math.floor(random() * 30)
  for (let step = 0; step < steps; step++) {
    const luck = random()
    if (luck < 0.4) {
      for (let i = Math.floor(random() * 3); i >= 0; i--)
        append(life, world, `r${step} ${'x'.repeat(Math.floor(random() * 120))}`)
    } else if (luck < 0.58) await turn()
    else if (luck < 0.76) engine.complete(Math.floor(random() * Math.max(1, engine.inFlight)))
    else if (luck < 0.88) {
      deliver(life, world, random, 0.05)
      await turn()
    } else if (luck < 0.92) await journal.flushCursors()
    else if (luck < 0.95) {
      journal.recover()
      await turn()
    } else if (luck < 0.97 && faults !== none) breakOneWriteback(root, random, fs)
    else await turn()
  }
  if (random() < 0.2) {
    void journal.end()
    for (let i = 0; i < 50 && engine.inFlight + (i < 2 ? 1 : 0) > 0; i++) {
      await turn()
      engine.complete()
    }
  }
  moments.push({ root: cloneDisk(root), world: world.copy() })
  noFalseAlarm(life, world)
  die(life)
  return moments
}

function breakOneWriteback(root: DirectoryNode, random: Random, fs: SimFileSystem): void {
  const files: Exclude<Node, DirectoryNode>[] = []
  const collect = (node: Node): void => {
    if (node.kind === 'file') files.push(node)
    else for (const child of node.cache.values()) collect(child)
  }
  collect(root)
  const file = files[Math.floor(random() * files.length)]
  if (file === undefined) return
  fs.injected++
  failWriteback(file)
}

/**
 * No power cut damages what was acknowledged, so recovery must never speak of corruption; and without ghosts nothing is
 * delivered that can still be lost. With them it can: then the loss is told, and damage below it is corruption.
 */
function noFalseAlarm({ problems }: Life, world: World): void {
  const lost = world.ghosts && problems.some((problem) => problem.startsWith('tail_lost'))
  const alarm = problems.find((problem) => !lost && /^(corrupt|tail_lost)/.test(problem))
  if (alarm !== undefined) world.bad.push(`false alarm: ${alarm.replaceAll(/\d+/g, 'N')}`)
}

/** After the end of a life: a last recovery without faults, everything delivered, then the oracle's word. */
async function recoverAndCheck(root: DirectoryNode, world: World, random: Random): Promise<void> {
  const life = live(root, world, random, none)
  try {
    append(life, world, 'after')
    life.journal.recover()
    await turn()
    for (let i = 0; i < 200; i++) {
      while (life.engine.complete()) await turn()
      const more = deliver(life, world, random, 0)
      await turn()
      if (!more && life.engine.inFlight === 0) break
    }
  } catch (error) {
    world.bad.push(`recovery threw: ${String(error)}`)
  }
  noFalseAlarm(life, world)
  world.check(root)
  die(life)
}

/** What a recovery adopts: it must not depend on whether another one was cut off before it. */
async function adoptions(root: DirectoryNode, random: Random): Promise<string> {
  const world = new World()
  world.streams = 900_000
  const life = live(root, world, random, none)
  life.journal.open()
  life.journal.recover()
  await turn()
  const streams: string[] = []
  for (
    let stream = life.journal.nextStream();
    stream !== undefined && !stream.live;
    stream = life.journal.nextStream()
  ) {
    const lines = stream.readLines(1e9)
    streams.push(`${stream.id} ${lines.map(({ first, last }) => `${first}-${last}`).join()}`)
    const last = lines.at(-1)
    if (last !== undefined) stream.advance({ number: last.last, hash: last.headHash })
  }
  die(life)
  return streams.sort().join('\n')
}

async function explore(moment: Moment, random: Random, depth: number): Promise<void> {
  for (const survival of [...survivals, 'killed'] as const) {
    const root = survival === 'killed' ? cloneDisk(moment.root) : powerCut(moment.root, survival, random)
    const world = moment.world.copy()
    sequences++
    if (depth > 0 && random() < 0.3) {
      // The next life may end anywhere too, inside its adoption as well.
      const later = await run(root, world, random, random() < 0.5 ? none : some, false)
      const next = later[Math.floor(random() * later.length)]
      if (next !== undefined) await explore(next, random, depth - 1)
      continue
    }
    if (random() < 0.1) {
      const first = await adoptions(cloneDisk(root), random)
      const again = await adoptions(cloneDisk(root), random)
      if (first !== again) world.bad.push('adoption twice is not adoption once')
    }
    await recoverAndCheck(root, world, random)
  }
}

const found: Record<string, { count: number; seed: number }> = {}
const target = Number(values.sequences)
let seed = Number(values.seed)
for (; sequences < target; seed++) {
  const random = randomFrom(seed)
  const root = newDirectory()
  const world = new World()
  const everyOperation = random() < 0.25
  const moments = await run(root, world, random, random() < 0.4 ? none : some, everyOperation)
  for (const moment of moments) await explore(moment, random, 2)
  for (const bad of world.bad) {
    const entry = (found[bad] ??= { count: 0, seed })
    entry.count++
  }
  await turn()
  if (values['stop-at-first'] && world.bad.length > 0) break
}
process.stdout.write(`${JSON.stringify({ sequences, acknowledged, lastSeed: seed - 1, found })}\n`)
process.exit(0)
