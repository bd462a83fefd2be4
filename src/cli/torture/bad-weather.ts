import type { DiskFault, FaultyDisk } from '../../testing/index.ts'
import { pick, type Random } from './random.ts'

const everyMillis = 25

/** Plans faults of a disk at random: mostly single ones, now and then a row of them, as on a disk that stays full. */
export class BadWeather {
  readonly planned: Record<string, number> = {}
  readonly #disk: FaultyDisk
  readonly #random: Random
  readonly #timer: NodeJS.Timeout

  constructor(disk: FaultyDisk, random: Random) {
    this.#disk = disk
    this.#random = random
    this.#timer = setInterval(() => this.#strike(), everyMillis).unref()
  }

  end(): void {
    clearInterval(this.#timer)
    this.#disk.heal()
  }

  #strike(): void {
    if (this.#random() < 0.3) this.#plan(1)
    // A whole row, so that the segment that takes a failed one's place fails as well.
    if (this.#random() < 0.06) for (let i = 0; i < 3; i++) this.#plan(2 + Math.floor(this.#random() * 4))
  }

  #plan(times: number): void {
    const random = this.#random
    const fault: DiskFault = {
      step: pick(random, ['write', 'sync', 'directory sync', 'create']),
      code: pick(random, ['EIO', 'ENOSPC', 'EDQUOT']),
      persisted: pick(random, [true, false, 'partly']),
      after: Math.floor(random() * 4),
      times,
    }
    const kind = `${fault.step} ${fault.code}`
    this.planned[kind] = (this.planned[kind] ?? 0) + times
    this.#disk.inject(fault)
  }
}
