import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Context } from '@opentelemetry/api'
import type { ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { describe, expect, it } from 'vitest'
import { getAuditDelivery, type AuditDelivery, type AuditProvider } from '../../src/index.ts'
import { providerContract, providerContractCases, type ProviderUnderTest } from '../../src/testing/index.ts'

/** A faultless provider of a user's own, to be broken in one way at a time. */
class OwnProvider implements AuditProvider {
  readonly auditBackend: string = 'own'
  readonly auditDurability = 'none'
  readonly ids: string[] = []
  protected closed = false

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    const id = record.attributes['audit.record.id']
    if (typeof id !== 'string') return
    const delivery = getAuditDelivery(context)
    if (delivery !== undefined) delivery.acknowledge(this.take(id, delivery))
  }

  take(id: string, delivery: AuditDelivery): Promise<boolean> {
    if (delivery.event.recordId !== id) throw new Error('not the event of this record')
    if (!this.closed) this.ids.push(id)
    return Promise.resolve(!this.closed)
  }

  forceFlush(): Promise<void> {
    return Promise.resolve()
  }

  shutdown(): Promise<void> {
    this.closed = true
    return Promise.resolve()
  }
}

function subject(provider: OwnProvider): ProviderUnderTest {
  return { provider, recorded: () => provider.ids.length }
}

/** The cases that a broken provider fails. */
async function brokenCases(make: () => OwnProvider): Promise<string[]> {
  const broken: string[] = []
  for (const { name, run } of providerContractCases(() => subject(make()), { timeoutMillis: 100 })) {
    await run().catch(() => broken.push(name))
  }
  return broken
}

const mutants: Record<string, readonly [() => OwnProvider, string]> = {
  'has a bad name': [
    () =>
      new (class extends OwnProvider {
        override readonly auditBackend = 'Own Backend'
      })(),
    'has a valid backend name, a known shape and a known durability',
  ],
  'acknowledges twice': [
    () =>
      new (class extends OwnProvider {
        override take(id: string, delivery: AuditDelivery): Promise<boolean> {
          delivery.acknowledge(Promise.resolve(true))
          return super.take(id, delivery)
        }
      })(),
    'acknowledges its slot inside onEmit, exactly once',
  ],
  'never acknowledges': [
    () =>
      new (class extends OwnProvider {
        override onEmit(): void {}
      })(),
    'confirms an event in the audit logger',
  ],
  hangs: [
    () =>
      new (class extends OwnProvider {
        override take(): Promise<boolean> {
          return new Promise(() => undefined)
        }
      })(),
    'confirms an event in the audit logger',
  ],
  'says yes and keeps nothing': [
    () =>
      new (class extends OwnProvider {
        override take(): Promise<boolean> {
          return Promise.resolve(true)
        }
      })(),
    'confirms an event in the audit logger',
  ],
  'drops what comes at once': [
    () =>
      new (class extends OwnProvider {
        override take(id: string, delivery: AuditDelivery): Promise<boolean> {
          return this.ids.length < 50 ? super.take(id, delivery) : Promise.resolve(false)
        }
      })(),
    'confirms concurrent calls, every one',
  ],
  'cannot take a bigint': [
    () =>
      new (class extends OwnProvider {
        override take(id: string, delivery: AuditDelivery): Promise<boolean> {
          JSON.stringify(delivery.event.details)
          return super.take(id, delivery)
        }
      })(),
    'takes hostile but valid details',
  ],
  'changes the record': [
    () =>
      new (class extends OwnProvider {
        override onEmit(record: ReadWriteLogRecord, context?: Context): void {
          super.onEmit(record.setAttribute('mine', 1), context)
        }
      })(),
    'never changes the record',
  ],
  'takes ordinary logs': [
    () =>
      new (class extends OwnProvider {
        override onEmit(record: ReadWriteLogRecord, context?: Context): void {
          this.ids.push('any')
          super.onEmit(record, context)
        }
      })(),
    'takes nothing but audit records in a plain LoggerProvider',
  ],
  'throws for a caller that gave up': [
    () =>
      new (class extends OwnProvider {
        override take(id: string, delivery: AuditDelivery): Promise<boolean> {
          delivery.signal.throwIfAborted()
          return super.take(id, delivery)
        }
      })(),
    'settles the slot of a caller that has given up, and throws nothing',
  ],
  'flushes for ever': [
    () =>
      new (class extends OwnProvider {
        override forceFlush(): Promise<void> {
          return new Promise(() => undefined)
        }
      })(),
    'flushes and shuts down, twice too',
  ],
  'fails a second shutdown': [
    () =>
      new (class extends OwnProvider {
        override shutdown(): Promise<void> {
          return this.closed ? Promise.reject(new Error('closed')) : super.shutdown()
        }
      })(),
    'flushes and shuts down, twice too',
  ],
  'says yes after shutdown': [
    () =>
      new (class extends OwnProvider {
        override shutdown(): Promise<void> {
          return Promise.resolve()
        }
      })(),
    'fails records after shutdown instead of hanging, throwing or saying yes',
  ],
}

describe('providerContract', () => {
  it('passes a faultless provider of a user’s own', async () => {
    expect(await brokenCases(() => new OwnProvider())).toEqual([])
  })

  it.each(Object.entries(mutants))('catches a provider that %s', async (_name, [make, broken]) => {
    expect(await brokenCases(make)).toContain(broken)
  })

  it('runs its cases at once where there is neither describe nor it, and names what failed', async () => {
    await providerContract(() => new OwnProvider())
    const contract = providerContract(() => mutants['says yes after shutdown']![0]())
    await expect(contract).rejects.toThrow(
      'the provider breaks the contract: fails records after shutdown instead of hanging, throwing or saying yes',
    )
  })

  it('registers with the describe and it that it is given, and disposes of each provider', async () => {
    const registered: { name: string; run: () => Promise<void> }[] = []
    const groups: string[] = []
    let alive = 0
    providerContract(
      () => {
        alive += 1
        return { ...subject(new OwnProvider()), dispose: () => (alive -= 1) }
      },
      {
        describe: (name, body) => {
          groups.push(name)
          body()
        },
        it: (name, run) => registered.push({ name, run }),
      },
    )
    expect(groups).toEqual(['audit provider contract'])
    expect(registered.length).toBeGreaterThan(8)
    for (const { run } of registered) await run()
    expect(alive).toBe(0)
  })

  it('works with node:test', async () => {
    const testing = new URL('../../src/testing/index.ts', import.meta.url).href
    const script = `
      import { describe, it } from 'node:test'
      import { memoryProvider, providerContract } from '${testing}'
      providerContract(() => memoryProvider(), { describe, it })`
    // A nested test run would report to its parent in a format of its own.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--test-reporter=tap', '--input-type=module', '-e', script],
      { env },
    )
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(stdout).toMatch(/^# pass 1[01]$/m)
  })
})
