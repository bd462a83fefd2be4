import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAuditError, type AuditEventInput, type AuditLogger, type AuditReceipt } from '../../src/index.ts'
import { randomFrom } from '../../src/cli/torture/random.ts'
import { poisonAction } from './protocol.ts'

const loops = 10
const pauseMillis = 15
const burst = 1_000
const poisonEvery = 997

export interface LoadEvents {
  readonly confirmed: (receipt: AuditReceipt) => void
  readonly refused: (code: string) => void
}

/** Calls as a service makes them: some in flight at a time, now and then a burst, retries with the same record id. */
export class Load {
  calls = 0
  repeats = 0
  conflicts = 0
  readonly failures: string[] = []
  readonly #logger: AuditLogger
  readonly #events: LoadEvents
  readonly #random: () => number
  #running: Promise<unknown>[] = []
  #isOn = false

  constructor(logger: AuditLogger, events: LoadEvents, seed: number) {
    this.#logger = logger
    this.#events = events
    this.#random = randomFrom(seed)
  }

  start(): void {
    this.#isOn = true
    this.#running = Array.from({ length: loops }, () => this.#loop())
  }

  /** Resolves when no call is pending. */
  async stop(): Promise<void> {
    this.#isOn = false
    await Promise.all(this.#running)
  }

  /** Fills the logger's list of the record ids that callers gave. */
  async prefill(count: number): Promise<void> {
    for (let done = 0; done < count; done += burst) {
      await Promise.all(Array.from({ length: burst }, () => this.#log({ ...this.#event(), recordId: randomUUID() })))
    }
  }

  /** One call that has to be confirmed. */
  async mustConfirm(): Promise<void> {
    if ((await this.#log(this.#event())) === undefined)
      this.failures.push('a call was refused although nothing is wrong')
  }

  async #loop(): Promise<void> {
    while (this.#isOn) {
      const chance = this.#random()
      if (chance < 0.0005) await Promise.all(Array.from({ length: burst }, () => this.#log(this.#event())))
      else if (chance < 0.03) await this.#logTwice()
      else await this.#log(this.#event())
      // A refusal may come without any wait.
      await sleep(pauseMillis)
    }
  }

  #event(): AuditEventInput {
    const call = this.calls++
    return {
      adminUserId: call % 50,
      action: call % poisonEvery === 0 ? poisonAction : 'update_setting',
      targetType: 'setting',
      targetId: call,
      details: { filler: 'x'.repeat(call % 500) },
    }
  }

  /** A retry with the same record id is no second record; other content under that id is refused. */
  async #logTwice(): Promise<void> {
    const event = { ...this.#event(), recordId: randomUUID(), occurredAt: new Date() }
    const first = await this.#log(event)
    if (first === undefined) return
    const again = await this.#logger.emit(event).catch((error: unknown) => error)
    if (typeof again === 'object' && again !== null && 'repeated' in again && again.repeated === true) this.repeats++
    else this.failures.push(`a repeated record id was not known as a repeat: ${String(again)}`)
    const other = await this.#logger.emit({ ...event, action: 'something_else' }).catch((error: unknown) => error)
    if (isAuditError(other) && other.code === 'record_id_conflict') this.conflicts++
    else this.failures.push('other content under a known record id was not refused')
  }

  async #log(event: AuditEventInput): Promise<AuditReceipt | undefined> {
    try {
      const receipt = await this.#logger.emit(event)
      this.#events.confirmed(receipt)
      return receipt
    } catch (error) {
      this.#events.refused(isAuditError(error) ? error.code : String(error))
      return undefined
    }
  }
}
