import assert from 'node:assert/strict'
import {
  isAuditProvider,
  isProcessor,
  type AuditProvider,
  type AuditProviderProtocol,
} from '../aggregator/audit-provider.ts'
import { createAuditLogger } from '../index.ts'
import type { AuditEventInput } from '../event/audit-event.ts'
import { hostileDetails } from './hostile-details.ts'
import { sampleAuditEvent, sampleLogRecord } from './sample-event.ts'
import { SlotDriver, type DrivenRecord } from './slot-driver.ts'

/** A provider and what the contract needs around it. */
export interface ProviderUnderTest {
  readonly provider: AuditProvider | AuditProviderProtocol
  /** Given with each call, for providers that write through the caller's session. */
  readonly db?: unknown
  /** How many audit records the backend holds. Where given, the contract counts them. */
  readonly recorded?: () => number | Promise<number>
  /** Called after each case, also when it failed. */
  readonly dispose?: () => unknown
}

/** What a test runner offers: `describe` and `it` of vitest, jest, mocha or node:test. */
export interface ContractRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly it: (name: string, body: () => Promise<void>) => unknown
}

export interface ProviderContractOptions extends Partial<ContractRunner> {
  /** How long one answer of the provider may take, in milliseconds. Default: 5,000. */
  readonly timeoutMillis?: number
}

/** One case of the contract, for a runner of another kind. */
export interface ProviderContractCase {
  readonly name: string
  readonly run: () => Promise<void>
}

type Made = ProviderUnderTest | AuditProvider | AuditProviderProtocol
type Case = (subject: ProviderUnderTest, limitMillis: number) => Promise<void>

/**
 * What every audit provider must do, as a suite: for those of this package and for yours. `make` is called once per
 * case and must give a new, empty one each time.
 *
 * `describe` and `it` come from the options, else from the globals. Without either the cases run at once, and the
 * promise rejects with what failed.
 *
 * @example
 * import { describe, it } from 'vitest'
 * providerContract(() => myProvider(), { describe, it })
 */
export function providerContract(
  make: () => Made | Promise<Made>,
  options: ProviderContractOptions & ContractRunner,
): void
export function providerContract(
  make: () => Made | Promise<Made>,
  options?: ProviderContractOptions,
): void | Promise<void>
export function providerContract(
  make: () => Made | Promise<Made>,
  options: ProviderContractOptions = {},
): void | Promise<void> {
  const globals = globalThis as Partial<ContractRunner>
  const { describe = globals.describe, it = globals.it } = options
  const contract = providerContractCases(make, options)
  if (typeof describe !== 'function' || typeof it !== 'function') return runAll(contract)
  describe('audit provider contract', () => {
    for (const { name, run } of contract) it(name, run)
  })
}

/** The cases of {@link providerContract}, each with a provider of its own. */
export function providerContractCases(
  make: () => Made | Promise<Made>,
  options: Pick<ProviderContractOptions, 'timeoutMillis'> = {},
): readonly ProviderContractCase[] {
  const { timeoutMillis = 5_000 } = options
  return Object.entries(cases).map(([name, act]) => ({
    name,
    run: async () => {
      const made = await make()
      const subject: ProviderUnderTest = 'provider' in made ? made : { provider: made }
      try {
        await act(subject, timeoutMillis)
      } finally {
        await subject.dispose?.()
      }
    },
  }))
}

async function runAll(contract: readonly ProviderContractCase[]): Promise<void> {
  const failures: Error[] = []
  for (const { name, run } of contract) {
    try {
      await run()
    } catch (cause) {
      failures.push(new Error(`the provider breaks the contract: ${name}`, { cause }))
    }
  }
  const [first] = failures
  if (first !== undefined) throw failures.length === 1 ? first : new AggregateError(failures, first.message)
}

const cases: Readonly<Record<string, Case>> = {
  'has a valid backend name, a known shape and a known durability': async ({ provider }) => {
    assert.match(provider.auditBackend, /^[a-z][a-z0-9_-]{0,31}$/)
    assert.ok(isAuditProvider(provider), 'neither onEmit, forceFlush and shutdown nor logAction')
    assert.ok(['none', 'transaction', 'durable', undefined].includes(provider.auditDurability))
    return Promise.resolve()
  },

  'confirms an event in the audit logger': async (subject, limitMillis) => {
    assert.deepEqual(await logAll(subject, [anEvent], limitMillis), [true])
    await assertRecorded(subject, 1)
  },

  'confirms concurrent calls, every one': async (subject, limitMillis) => {
    const events = Array.from({ length: 100 }, (_, n) => ({ ...anEvent, targetId: n }))
    const confirmed = await logAll(subject, events, limitMillis)
    assert.equal(confirmed.filter((yes) => yes).length, events.length)
    await assertRecorded(subject, events.length)
  },

  'takes hostile but valid details': async (subject, limitMillis) => {
    const events = Object.values(hostileDetails()).map((details) => ({ ...anEvent, details }))
    const names = Object.keys(hostileDetails())
    const confirmed = await logAll(subject, events, limitMillis)
    assert.deepEqual(
      names.filter((_, n) => !confirmed[n]),
      [],
      'details that were not confirmed',
    )
    await assertRecorded(subject, events.length)
  },

  'takes an event without optional fields, of a system actor, that failed': async (subject, limitMillis) => {
    const { adminUserId, action, targetType, targetId } = anEvent
    const bare = { adminUserId, action, targetType, targetId }
    const events: AuditEventInput[] = [bare, { ...bare, actorType: 'system', outcome: 'failure' }]
    assert.deepEqual(await logAll(subject, events, limitMillis), [true, true])
  },

  'acknowledges its slot inside onEmit, exactly once': async (subject, limitMillis) => {
    const put = await putOne(subject, limitMillis)
    // A second word may come late.
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(put.acknowledgements(), 1)
  },

  'never changes the record': async (subject, limitMillis) => {
    const put = await putOne(subject, limitMillis)
    assert.deepEqual(put.now(), put.before)
  },

  'takes nothing but audit records in a plain LoggerProvider': async (subject, limitMillis) => {
    if (!isProcessor(subject.provider)) return
    const driver = new SlotDriver(subject.provider)
    driver.putPlain({ body: 'an ordinary log' })
    driver.putPlain({ body: 'another', attributes: { 'audit.action': 'x' } })
    await assertRecorded(subject, 0)
    driver.putPlain(sampleLogRecord(sampleAuditEvent()))
    await within(subject.provider.forceFlush(), limitMillis, 'forceFlush')
  },

  'settles the slot of a caller that has given up, and throws nothing': async (subject, limitMillis) => {
    const put = new SlotDriver(subject.provider).put(sampleAuditEvent(), {
      db: subject.db,
      signal: AbortSignal.abort(),
    })
    assert.equal(put.thrown, undefined)
    await within(put.outcome, limitMillis, 'the acknowledgement')
  },

  'flushes and shuts down, twice too': async (subject, limitMillis) => {
    await putOne(subject, limitMillis)
    const { provider } = subject
    if (!isProcessor(provider)) return
    await within(provider.forceFlush(), limitMillis, 'forceFlush')
    await within(provider.shutdown(), limitMillis, 'shutdown')
    await within(provider.shutdown(), limitMillis, 'the second shutdown')
    await within(provider.forceFlush(), limitMillis, 'forceFlush after shutdown')
  },

  'fails records after shutdown instead of hanging, throwing or saying yes': async (subject, limitMillis) => {
    const { provider } = subject
    if (!isProcessor(provider)) return
    const driver = new SlotDriver(provider)
    await within(provider.shutdown(), limitMillis, 'shutdown')
    const put = driver.put(sampleAuditEvent(), { db: subject.db })
    assert.equal(put.thrown, undefined)
    assert.equal((await within(put.outcome, limitMillis, 'the acknowledgement')).ok, false)
  },
}

const anEvent = {
  adminUserId: 42,
  action: 'update_setting',
  targetType: 'setting',
  targetId: 'theme',
  details: { from: 'light', to: 'dark' },
  ipAddress: '192.0.2.7',
  userAgent: 'provider-contract/1.0',
  requestId: '4bf92f3577b34da6a3ce929d0e0e4736',
} as const satisfies AuditEventInput

async function logAll(
  { provider, db }: ProviderUnderTest,
  events: readonly AuditEventInput[],
  limitMillis: number,
): Promise<boolean[]> {
  const problems: string[] = []
  const logger = createAuditLogger({
    providers: [provider],
    journal: false,
    confirmBy: [provider.auditBackend],
    onProblem: ({ message }) => problems.push(message),
  })
  const options = { timeoutMillis: limitMillis, ...(db === undefined ? {} : { db }) }
  const confirmed = await within(
    Promise.all(events.map((event) => logger.logAction(event, options))),
    2 * limitMillis,
    `the confirmation of ${events.length} calls`,
  )
  await logger.shutdown({ timeoutMillis: limitMillis })
  assert.ok(confirmed.length > 0 && (confirmed.every((yes) => yes) || problems.length > 0), 'a failure unreported')
  return confirmed
}

async function putOne({ provider, db }: ProviderUnderTest, limitMillis: number): Promise<DrivenRecord> {
  const details = { text: 'grün', list: [1, { bytes: new Uint8Array([1]) }], big: 9007199254740993n }
  const put = new SlotDriver(provider).put(sampleAuditEvent({ details }), { db })
  assert.equal(put.thrown, undefined, 'onEmit threw')
  const outcome = await within(put.outcome, limitMillis, 'the acknowledgement')
  if (!outcome.ok) throw outcome.error
  return put
}

async function assertRecorded({ recorded }: ProviderUnderTest, expected: number): Promise<void> {
  if (recorded !== undefined) assert.equal(await recorded(), expected, 'records in the backend')
}

async function within<T>(work: Promise<T>, limitMillis: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new assert.AssertionError({ message: `${what} took over ${limitMillis} ms` })),
      limitMillis,
    )
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
