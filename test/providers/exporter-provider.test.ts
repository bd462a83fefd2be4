import { context, createContextKey, diag, DiagLogLevel, ROOT_CONTEXT, type ContextManager } from '@opentelemetry/api'
import { ExportResultCode } from '@opentelemetry/core'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider, type LogRecordExporter, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { exporterProvider } from '../../src/providers/index.ts'
import { sampleAuditEvent, sampleLogRecord } from '../../src/testing/sample-event.ts'
import { SlotDriver } from '../../src/testing/slot-driver.ts'
import { failureOf, thrownBy } from './audit-errors.ts'

type Callback = Parameters<LogRecordExporter['export']>[1]

/** An exporter whose every export waits until the test lets it go. */
function heldExporter() {
  const exports: { readonly records: ReadableLogRecord[]; readonly callback: Callback }[] = []
  const exporter: LogRecordExporter = {
    export: (records, callback) => void exports.push({ records, callback }),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  const release = async (): Promise<void> => {
    await vi.waitFor(() => expect(exports.length).toBeGreaterThan(0))
    exports.shift()?.callback({ code: ExportResultCode.SUCCESS })
  }
  return { exports, exporter, release }
}

function exporterThat(act: (callback: Callback) => void, rest: Partial<LogRecordExporter> = {}): LogRecordExporter {
  return {
    export: (_records, callback) => act(callback),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
    ...rest,
  }
}

describe('exporterProvider', () => {
  afterEach(() => diag.disable())

  it('keeps one export in flight and bounds its batches', async () => {
    const { exports, exporter, release } = heldExporter()
    const driver = new SlotDriver(exporterProvider('held', exporter, { maxBatchRecords: 2 }))
    const outcomes = Array.from({ length: 5 }, () => driver.put(sampleAuditEvent()).outcome)
    const sizes: number[] = []
    for (let left = 3; left > 0; left -= 1) {
      await vi.waitFor(() => expect(exports).toHaveLength(1))
      sizes.push(exports[0]?.records.length ?? 0)
      await release()
    }
    expect(sizes).toEqual([2, 2, 1])
    expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => ({ ok: true })))
  })

  it('fails the records of an async export that rejects at once, not at its time limit', async () => {
    const exporter = exporterThat(() => undefined, { export: () => Promise.reject(new Error('boom')) as never })
    const driver = new SlotDriver(exporterProvider('async', exporter))
    expect(failureOf(await driver.put(sampleAuditEvent()).outcome)).toBe(
      'provider_failed: audit provider "async": the export of 1 records failed: boom',
    )
  })

  it('takes the callback, not the promise, of an async export as its word', async () => {
    const async = (callback: Callback): Promise<void> => {
      setTimeout(() => callback({ code: ExportResultCode.FAILED, error: new Error('refused') }), 5)
      return Promise.resolve()
    }
    const exporter = exporterThat(() => undefined, { export: (_records, callback) => async(callback) as never })
    const outcome = await new SlotDriver(exporterProvider('async', exporter)).put(sampleAuditEvent()).outcome
    expect(failureOf(outcome)).toContain('refused')
  })

  it('refuses loudly what its queue cannot hold, and loses none of the rest', async () => {
    const { exporter, release } = heldExporter()
    const driver = new SlotDriver(exporterProvider('held', exporter, { maxQueueRecords: 3 }))
    const outcomes = Array.from({ length: 5 }, () => driver.put(sampleAuditEvent()).outcome)
    await release()
    const settled = await Promise.all(outcomes)
    expect(settled.slice(0, 3)).toEqual([{ ok: true }, { ok: true }, { ok: true }])
    for (const refused of settled.slice(3))
      expect(failureOf(refused)).toContain(
        'provider_failed: audit provider \"held\": 3 records wait for the exporter already',
      )
  })

  it.each<[string, (callback: Callback) => void, string]>([
    [
      'throws',
      () => {
        throw new Error('boom')
      },
      'boom',
    ],
    [
      'throws no error',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what hostile code may do
        throw null
      },
      'null',
    ],
    [
      'fails without a reason',
      (callback) => callback({ code: ExportResultCode.FAILED }),
      'the exporter reported a failure without a reason',
    ],
    [
      'calls back nothing',
      (callback) => (callback as () => void)(),
      'the exporter reported a failure without a reason',
    ],
    [
      'fails and then calls back success',
      (callback) => {
        callback({ code: ExportResultCode.FAILED, error: new Error('first') })
        callback({ code: ExportResultCode.SUCCESS })
      },
      'first',
    ],
  ])('fails the slot of an exporter that %s, and goes on', async (_name, act, text) => {
    const acts = [act, (callback: Callback) => callback({ code: ExportResultCode.SUCCESS })]
    const driver = new SlotDriver(
      exporterProvider(
        'faulty',
        exporterThat((callback) => acts.shift()?.(callback)),
      ),
    )
    const first = driver.put(sampleAuditEvent())
    expect(failureOf(await first.outcome)).toBe(
      `provider_failed: audit provider "faulty": the export of 1 records failed: ${text}`,
    )
    expect(await driver.put(sampleAuditEvent()).outcome).toEqual({ ok: true })
    expect(first.acknowledgements()).toBe(1)
  })

  it('fails an export that never calls back after the time limit, and goes on', async () => {
    const acts: ((callback: Callback) => void)[] = [
      () => undefined,
      (callback) => callback({ code: ExportResultCode.SUCCESS }),
    ]
    const exporter = exporterThat((callback) => acts.shift()?.(callback))
    const driver = new SlotDriver(exporterProvider('silent', exporter, { exportTimeoutMillis: 20 }))
    expect(await driver.put(sampleAuditEvent()).outcome).toMatchObject({
      ok: false,
      error: {
        code: 'provider_timeout',
        message: 'audit provider "silent": the export of 1 records did not finish within 20 ms',
      },
    })
    expect(await driver.put(sampleAuditEvent()).outcome).toEqual({ ok: true })
  })

  it('exports nothing for a caller that gave up while its record waited', async () => {
    const { exports, exporter } = heldExporter()
    const abort = new AbortController()
    const { outcome } = new SlotDriver(exporterProvider('held', exporter)).put(sampleAuditEvent(), {
      signal: abort.signal,
    })
    abort.abort()
    expect(await outcome).toMatchObject({ ok: false, error: { code: 'aborted' } })
    expect(exports).toEqual([])
  })

  it('waits for resource attributes that are still being detected', async () => {
    const detected = Promise.withResolvers<string>()
    const { exports, exporter } = heldExporter()
    const resource = resourceFromAttributes({ 'host.id': detected.promise })
    const logs = new LoggerProvider({ resource, processors: [exporterProvider('held', exporter)] })
    logs.getLogger('app').emit(sampleLogRecord(sampleAuditEvent()))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(exports).toEqual([])
    detected.resolve('machine-7')
    await vi.waitFor(() => expect(exports).toHaveLength(1))
    expect(exports[0]?.records[0]?.resource.attributes['host.id']).toBe('machine-7')
  })

  it('exports with tracing suppressed', async () => {
    const suppressed: unknown[] = []
    const key = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')
    context.setGlobalContextManager(synchronousContext())
    const exporter = exporterThat((callback) => {
      suppressed.push(context.active().getValue(key))
      callback({ code: ExportResultCode.SUCCESS })
    })
    await new SlotDriver(exporterProvider('traced', exporter)).put(sampleAuditEvent()).outcome
    context.disable()
    expect(suppressed).toEqual([true])
  })

  it('flushes what waits before it flushes and shuts down the exporter, once', async () => {
    const order: string[] = []
    const provider = exporterProvider(
      'ordered',
      exporterThat(
        (callback) => {
          order.push('export')
          callback({ code: ExportResultCode.SUCCESS })
        },
        {
          forceFlush: async () => void order.push('forceFlush'),
          shutdown: async () => void order.push('shutdown'),
        },
      ),
    )
    const driver = new SlotDriver(provider)
    void driver.put(sampleAuditEvent())
    await provider.forceFlush()
    void driver.put(sampleAuditEvent())
    await Promise.all([provider.shutdown(), provider.shutdown()])
    await provider.forceFlush()
    expect(order).toEqual(['export', 'forceFlush', 'export', 'shutdown'])
    expect(await driver.put(sampleAuditEvent()).outcome).toMatchObject({ ok: false, error: { code: 'shut_down' } })
  })

  it('passes on what the exporter’s forceFlush and shutdown reject with, and never hangs with them', async () => {
    const rejecting = exporterProvider(
      'rejecting',
      exporterThat(() => undefined, {
        forceFlush: () => Promise.reject(new Error('no flush')),
        shutdown: () => Promise.reject(new Error('no shutdown')),
      }),
    )
    await expect(rejecting.forceFlush()).rejects.toThrow('no flush')
    await expect(rejecting.shutdown()).rejects.toThrow('no shutdown')
    const hanging = exporterProvider(
      'hanging',
      exporterThat(() => undefined, { forceFlush: () => new Promise(() => undefined) }),
    )
    await expect(hanging.forceFlush({ timeoutMillis: 20 })).rejects.toMatchObject({ code: 'provider_timeout' })
  })

  it('reports a failed export through diag where no slot waits for it', async () => {
    const said: string[] = []
    const note = (message: string): void => void said.push(message)
    diag.setLogger({ error: note, warn: note, info: note, debug: note, verbose: note }, DiagLogLevel.ERROR)
    const provider = exporterProvider(
      'broken',
      exporterThat((callback) => callback({ code: ExportResultCode.FAILED, error: new Error('refused') })),
    )
    new SlotDriver(provider).putPlain(sampleLogRecord(sampleAuditEvent()))
    await provider.forceFlush()
    expect(said).toEqual(['otel-audit broken: audit provider "broken": the export of 1 records failed: refused'])
  })

  it('refuses a bad name, a thing that is no exporter, unknown options and bad numbers', () => {
    const { exporter } = heldExporter()
    const bad: [() => unknown, string][] = [
      [() => exporterProvider('Bad Name', exporter), 'the backend name "Bad Name" must be'],
      [() => exporterProvider('x', {} as LogRecordExporter), '"x" needs a LogRecordExporter'],
      [() => exporterProvider('x', exporter, { batch: 1 } as object), 'unknown option "batch"'],
      [() => exporterProvider('x', exporter, { maxBatchRecords: 0 }), 'maxBatchRecords must be a whole number from 1'],
    ]
    for (const [make, text] of bad) {
      expect(thrownBy(make)).toContain(`bad_config: exporterProvider: ${text}`)
    }
  })
})

/** What `context.with` sets is active while its function runs. */
function synchronousContext(): ContextManager {
  let active = ROOT_CONTEXT
  const manager: ContextManager = {
    active: () => active,
    with: (next, run, thisArg, ...args) => {
      const before = active
      active = next
      try {
        return run.call(thisArg as ThisParameterType<typeof run>, ...args)
      } finally {
        active = before
      }
    },
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  return manager
}
