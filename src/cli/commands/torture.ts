import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { count, everyVerb, journalDirectory, parse } from '../arguments.ts'
import { collectorSettings } from '../collector.ts'
import { UsageError, type Command, type ExitCode } from '../command.ts'
import { escapeText, toJsonLine } from '../escape.ts'
import type { Terminal } from '../terminal.ts'
import { hostileDelivery } from '../torture/delivery.ts'
import { diskFaults } from '../torture/disk.ts'
import { exits } from '../torture/exits.ts'
import { kills } from '../torture/kills.ts'
import { ownCollector } from '../torture/own-collector.ts'
import { randomFrom } from '../torture/random.ts'
import type { Scenario } from '../torture/scenario.ts'
import { makeScratch } from '../torture/scratch.ts'
import { Tally } from '../torture/tally.ts'
import { Victims } from '../torture/victims.ts'

const minuteMillis = 60_000

export const torture: Command = {
  help: `otel-audit torture — does it hold on your disk, against your collector?

Examples:
  otel-audit torture                                         beside the journal, about half a minute
  otel-audit torture --dir /var/lib/shop --rounds 200        on that disk, 200 kills
  otel-audit torture disk --minutes 10                       one kind of fault, for ten minutes
  otel-audit torture --minutes 60 --json                     for an hour, the summary as JSON
  otel-audit torture --endpoint https://collector.example.com:4318

Usage: otel-audit torture [kill] [exits] [disk] [delivery] [--dir <parent directory>] [--rounds <kills>]
                          [--minutes <time>] [--endpoint <address>] [--seed <number>] [--keep] [--json]

Starts services of its own in a scratch directory and does to them what must not matter:
  kill       SIGKILL under load, again and again on one journal; the last life delivers what the others left
  exits      process.exit, uncaught errors and signals right after calls that nobody awaited
  disk       EIO, ENOSPC, short writes, failed syncs whose bytes are lost or kept, injected below the library
  delivery   a collector in this process that gives every wrong answer the library knows of
All four without a name; with --endpoint also kills under delivery to your collector, and then what it acknowledged. Its
headers and certificates come from AUDIT_COLLECTOR_*.
A process outside of the service knows what was acknowledged and looks for it on the disk and at the collector.
Your journal is never touched. The scratch directory is made in --dir, else beside the journal, and removed unless --keep.
With --endpoint the collector gets some thousand records of the service "otel-audit-torture".
kill -9 says nothing about a power cut: what a disk promises and does not do shows only when the power goes.
A seed repeats faults and choices, not the moments at which processes run.
Exit: 0 everything held, 1 something did not, 2 wrong usage, 3 it could not be tried.`,

  async run(args, terminal, env) {
    const { values, positionals } = parse(args, {
      ...everyVerb,
      dir: { type: 'string' },
      endpoint: { type: 'string' },
      rounds: { type: 'string', default: '20' },
      minutes: { type: 'string', default: '0' },
      seed: { type: 'string' },
      keep: { type: 'boolean', default: false },
    })
    const rounds = count('--rounds', values.rounds)
    if (rounds === 0) throw new UsageError('--rounds wants at least 1')
    const until = performance.now() + count('--minutes', values.minutes) * minuteMillis
    const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : count('--seed', values.seed)
    const scenarios = chosen(positionals)
    if (values.endpoint !== undefined) scenarios.push(ownCollector(collectorSettings(values.endpoint, env)))
    const scratch = makeScratch(values.dir, journalDirectory(undefined, env))
    const tally = new Tally()
    terminal.note(`in ${escapeText(scratch)}, seed ${seed}`)
    try {
      let pass = 0
      do {
        await tortureOnce({
          scenarios,
          rounds,
          seed: seed + pass,
          terminal,
          env,
          tally,
          directory: join(scratch, String(pass)),
        })
        // One journal after the other, or a long run would fill the disk.
        if (!values.keep) rmSync(join(scratch, String(pass)), { recursive: true, force: true })
        pass++
      } while (performance.now() < until && !terminal.stopped.aborted)
      return await summarize(tally, { terminal, json: values.json, seed, passes: pass })
    } finally {
      if (values.keep) terminal.note(`kept: ${escapeText(scratch)}`)
      else rmSync(scratch, { recursive: true, force: true })
    }
  },
}

const byName: Readonly<Record<string, Scenario>> = { kill: kills, exits, disk: diskFaults, delivery: hostileDelivery }

function chosen(names: readonly string[]): Scenario[] {
  if (names.length === 0) return Object.values(byName)
  return names.map((name) => {
    const scenario = Object.hasOwn(byName, name) ? byName[name] : undefined
    if (scenario === undefined)
      throw new UsageError(`there is no fault "${name}"; say ${Object.keys(byName).join(', ')}`)
    return scenario
  })
}

interface Pass {
  readonly scenarios: readonly Scenario[]
  readonly rounds: number
  readonly seed: number
  readonly directory: string
  readonly terminal: Terminal
  readonly env: NodeJS.ProcessEnv
  readonly tally: Tally
}

async function tortureOnce({ scenarios, rounds, seed, directory, terminal, env, tally }: Pass): Promise<void> {
  const victims = new Victims(env, terminal.stopped)
  const isStopped = (): boolean => terminal.stopped.aborted
  for (const [index, { name, run }] of scenarios.entries()) {
    if (isStopped()) return
    const own = join(directory, String(index))
    mkdirSync(own, { recursive: true, mode: 0o700 })
    const progress = (text: string): void => terminal.note(`${name}: ${escapeText(text)}`)
    progress('begins')
    const random = randomFrom(seed + index)
    const { stopped } = terminal
    const result = await run({ directory: own, random, seed, rounds, victims, stopped, progress })
    // A victim that was killed because of SIGINT proves nothing.
    if (!isStopped()) tally.add(name, seed, result)
  }
}

interface Ending {
  readonly terminal: Terminal
  readonly json: boolean
  readonly seed: number
  readonly passes: number
}

async function summarize(tally: Tally, { terminal, json, seed, passes }: Ending): Promise<ExitCode> {
  const { results } = tally
  const isStopped = terminal.stopped.aborted
  const failed = results.filter(({ failures }) => failures.length > 0).length
  const unchecked = isStopped || results.some((result) => result.unchecked !== undefined)
  const code = failed > 0 ? 1 : unchecked ? 3 : 0
  if (json) {
    await terminal.out(toJsonLine({ ok: code === 0, stopped: isStopped, seed, passes, scenarios: results }))
    return code
  }
  for (const { name, tried, counts, failures, unchecked: why } of results) {
    const [colour, word] =
      failures.length > 0
        ? (['red', 'FAILED'] as const)
        : why === undefined
          ? (['green', 'held'] as const)
          : (['yellow', 'not tried'] as const)
    const figures = Object.entries(counts).map(([what, times]) => `${times.toLocaleString('en-US')} ${words(what)}`)
    await terminal.out(
      `${terminal.paint(colour, word.padEnd(9))} ${name.padEnd(9)} ${escapeText(why ?? tried.join('; '))}`,
    )
    if (figures.length > 0) await terminal.out(`${' '.repeat(20)}${figures.join(', ')}`)
    for (const failure of failures) await terminal.out(`${' '.repeat(10)}${escapeText(failure)}`)
  }
  const again = failed === 0 ? '' : `; again: otel-audit torture --keep --seed ${seed}`
  terminal.note(`${isStopped ? 'stopped; ' : ''}seed ${seed}, ${failed} of ${results.length} scenarios failed${again}`)
  return code
}

/** `atCollector` as people read it. */
function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
