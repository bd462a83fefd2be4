import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditProviderProtocol, ModuleDefinition } from '../../src/index.ts'

/** Modules that are switched on and off, with providers that fail in every way; none of them may touch the journal. */
export class SwitchedModules {
  readonly #random: () => number
  #enabled = new Set<string>()

  constructor(random: () => number) {
    this.#random = random
  }

  readonly list: readonly ModuleDefinition[] = [
    this.#module('good', async () => true),
    this.#module('moody', async () => {
      const chance = this.#random()
      if (chance < 0.1) throw new Error('moody on purpose')
      if (chance < 0.15) await sleep(20)
      return chance > 0.3
    }),
    this.#module('hanging', () =>
      this.#random() < 0.01 ? new Promise<boolean>(() => undefined) : Promise.resolve(true),
    ),
    {
      code: 'broken',
      enabled: () => this.#enabled.has('broken'),
      auditProvider: () => Promise.reject(new Error('broken on purpose')),
    },
  ]

  /** Those that answer at once, one of them with a yes only now and then. */
  quick(): void {
    this.#enabled = new Set(['good', 'moody'])
  }

  /** Each on or off by chance; `none`: all off. */
  shuffle(none = false): void {
    const on = none ? [] : this.list.filter(() => this.#random() < 0.5)
    this.#enabled = new Set(on.map(({ code }) => code))
  }

  #module(code: string, logAction: () => Promise<boolean>): ModuleDefinition {
    const provider: AuditProviderProtocol = { auditBackend: code, auditDurability: 'none', logAction }
    return { code, enabled: () => this.#enabled.has(code), auditProvider: () => provider }
  }
}
