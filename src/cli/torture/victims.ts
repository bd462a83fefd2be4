import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { recordIdOf, type VictimOrders, type VictimReport } from './orders.ts'

/** Beside this file, as source and as built. */
const program = fileURLToPath(new URL(`./victim${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))
const patienceMillis = 60_000

/** What became of one victim. */
export interface Life {
  /** Record ids of what it was confirmed. */
  readonly acknowledged: readonly string[]
  /** The highest number that was confirmed, by stream. */
  readonly heads: ReadonlyMap<string, number>
  readonly refused: number
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly report?: VictimReport
  readonly stderr: string
}

export interface Victim {
  readonly acknowledged: readonly string[]
  /** Resolves at the first confirmation, or when it is dead. */
  readonly confirmed: Promise<void>
  readonly up: Promise<void>
  readonly kill: () => void
  /** Asks for an orderly end. */
  readonly tell: () => void
  readonly over: Promise<Life>
}

/** Starts victims with an environment in which no setting of the user's reaches them. */
export class Victims {
  readonly #env: NodeJS.ProcessEnv
  readonly #stopped: AbortSignal

  constructor(env: NodeJS.ProcessEnv, stopped: AbortSignal) {
    this.#env = env
    this.#stopped = stopped
  }

  start(orders: VictimOrders, passed?: RegExp): Victim {
    const env = Object.fromEntries(
      Object.entries(this.#env).filter(([name]) => !/^(AUDIT|OTEL)_/.test(name) || passed?.test(name) === true),
    )
    const child = spawn(process.execPath, [program, JSON.stringify(orders)], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    return watch(child, orders.life, this.#stopped)
  }
}

function watch(
  child: ChildProcess & { stdin: NonNullable<ChildProcess['stdin']> },
  life: string,
  stopped: AbortSignal,
): Victim {
  const acknowledged: string[] = []
  const heads = new Map<string, number>()
  let refused = 0
  let report: VictimReport | undefined
  let stderr = ''
  const up = Promise.withResolvers<void>()
  const confirmed = Promise.withResolvers<void>()
  const over = Promise.withResolvers<Life>()
  const kill = (): void => void child.kill('SIGKILL')
  const limit = setTimeout(kill, patienceMillis)
  stopped.addEventListener('abort', kill, { once: true })
  child.stdin.on('error', () => undefined)
  child.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-2_000)))
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'up') up.resolve()
      else if (line.startsWith('+ ')) {
        const [, call, stream = '', number] = line.split(' ')
        acknowledged.push(recordIdOf(life, Number(call)))
        heads.set(stream, Math.max(heads.get(stream) ?? 0, Number(number)))
        confirmed.resolve()
      } else if (line.startsWith('- ')) refused++
      else if (line.startsWith('done ')) report = JSON.parse(line.slice(5)) as VictimReport
    })
  }
  const end = (code: number | null, signal: NodeJS.Signals | null): void => {
    clearTimeout(limit)
    stopped.removeEventListener('abort', kill)
    up.resolve()
    confirmed.resolve()
    over.resolve({ acknowledged, heads, refused, code, signal, stderr, ...(report === undefined ? {} : { report }) })
  }
  child.once('close', end)
  child.once('error', (error) => {
    stderr += error.message
    end(null, null)
  })
  return {
    acknowledged,
    up: up.promise,
    confirmed: confirmed.promise,
    kill,
    tell: () => void child.stdin.write('end\n'),
    over: over.promise,
  }
}
