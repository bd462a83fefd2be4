import { extname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { WorkerAnswer } from './digest-worker.ts'
import type { Digester } from './digested-files.ts'
import { digestRange, type FileRange, type RangeDigest } from './file-range.ts'
import { unpackRange } from './packed-range.ts'

/** The same program as this one, built or not. */
const program = new URL(`./digest-worker${extname(import.meta.url)}`, import.meta.url)

/** Ranges that wait at a worker while it digests one. */
const rangesPerWorker = 2

/** Digests in this thread. */
export const here: Digester = {
  ahead: 1,
  async digest(range) {
    // A signal is heard between two ranges only.
    await setImmediate()
    return digestRange(range)
  },
}

/** Digests in worker threads, which take turns. */
export class DigestPool implements Digester {
  readonly ahead: number
  readonly #workers: readonly DigestWorker[]
  #turn = 0

  constructor(workers: number) {
    this.#workers = Array.from({ length: workers }, () => new DigestWorker())
    this.ahead = workers * rangesPerWorker
  }

  digest(range: FileRange): Promise<RangeDigest> {
    const worker = this.#workers[this.#turn++ % this.#workers.length] as DigestWorker
    return worker.digest(range)
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end()))
  }
}

/** One thread. It answers in the order in which it was asked. */
class DigestWorker {
  readonly #worker = new Worker(program)
  readonly #asked: PromiseWithResolvers<RangeDigest>[] = []

  constructor() {
    this.#worker.on('message', (answer: WorkerAnswer) => {
      const asked = this.#asked.shift()
      if ('done' in answer) asked?.resolve(unpackRange(answer.done))
      else asked?.reject(Object.assign(new Error(answer.failed.message), answer.failed))
    })
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#asked.splice(0)) reject(error)
    })
  }

  digest(range: FileRange): Promise<RangeDigest> {
    const asked = Promise.withResolvers<RangeDigest>()
    this.#asked.push(asked)
    this.#worker.postMessage(range)
    return asked.promise
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}
