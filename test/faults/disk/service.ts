import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { AuditLoggerOptions } from '../../../src/index.ts'
import type { DiskFault } from '../../../src/testing/index.ts'
import type { Answer, Command, Outcome } from './protocol.ts'

const child = path.join(import.meta.dirname, 'child.ts')

export interface ServiceOptions {
  readonly logger: AuditLoggerOptions
  /** `faulty`: on the faulty disk of otel-audit/testing. */
  readonly disk?: 'real' | 'faulty'
  /** What the shell does before it becomes the service, such as `ulimit -f 64`. */
  readonly shell?: string
}

/** A service in another process. What it acknowledged is kept here, where no fault of its disk can reach it. */
export class Service {
  readonly #process: ChildProcess
  readonly #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = []
  readonly outcomes: Outcome[] = []
  #errors = ''

  constructor({ logger, disk = 'real', shell = 'true' }: ServiceOptions) {
    const command = `${shell} && exec "$0" "$@"`
    const args = ['-c', command, process.execPath, child, JSON.stringify(logger), disk]
    this.#process = spawn('bash', args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#process.stderr?.on('data', (chunk) => (this.#errors += String(chunk)))
    this.#process.on('message', (answer: Answer) => {
      if (answer.error === undefined) this.#waiting.shift()?.resolve(answer)
      else this.#waiting.shift()?.reject(new Error(answer.error))
    })
    this.#process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.splice(0)) {
        reject(new Error(`the service ended (${code ?? signal}): ${this.#errors}`))
      }
    })
    onTestFinished(() => this.kill())
  }

  get acknowledged(): Outcome[] {
    return this.outcomes.filter(({ code }) => code === undefined)
  }

  get refused(): Outcome[] {
    return this.outcomes.filter(({ code }) => code !== undefined)
  }

  /** Logs records, `together` of them in each tick; the results of these. */
  async log(count: number, { together = 1, fillerBytes = 100 } = {}): Promise<Outcome[]> {
    const { outcomes = [] } = await this.#ask({ do: 'log', count, together, fillerBytes })
    this.outcomes.push(...outcomes)
    return outcomes
  }

  async logAction(): Promise<boolean> {
    return (await this.#ask({ do: 'logAction' })).confirmed === true
  }

  async health(): Promise<{ status: string; reasons: readonly string[] }> {
    const { health } = await this.#ask({ do: 'health' })
    if (health === undefined) throw new Error('no health')
    return health
  }

  /** Problems reported since the last look. */
  async problems(): Promise<string[]> {
    return (await this.#ask({ do: 'problems' })).problems ?? []
  }

  async inject(fault: DiskFault): Promise<void> {
    await this.#ask({ do: 'inject', fault })
  }

  /** Ends all injected faults; how many there were. */
  async heal(): Promise<number> {
    return (await this.#ask({ do: 'heal' })).injected ?? 0
  }

  async drain(timeoutMillis = 10_000): Promise<number> {
    return (await this.#ask({ do: 'drain', timeoutMillis })).undelivered ?? NaN
  }

  async shutdown(drain = false): Promise<void> {
    await this.#ask({ do: 'shutdown', drain })
  }

  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void> {
    const { exitCode, signalCode } = this.#process
    if (exitCode !== null || signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      this.#process.once('exit', () => resolve())
      this.#process.kill('SIGKILL')
    })
  }

  #ask(command: Command): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#process.send(command, (error) => {
        if (error !== null) reject(new Error(`${error.message}: ${this.#errors}`))
      })
    })
  }
}
