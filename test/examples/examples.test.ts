import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { journalStreams } from '../../src/cli/journal-files.ts'
import { viewLine, type RecordView } from '../../src/cli/record-view.ts'
import { root, runExample } from './run-example.ts'

async function recordsIn(journal: string): Promise<RecordView[]> {
  const streams = await journalStreams(journal)
  const files = streams.flatMap(({ segments }) => segments.map(({ path }) => path))
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean))
  return lines.flatMap((line) => viewLine(Buffer.from(line)) ?? [])
}

describe.concurrent('examples', () => {
  it('quick-start: one call without any set-up leaves a record in ./audit-journal', async () => {
    const { code, out, err, directory } = await runExample('quick-start.ts')
    expect({ code, out, err }).toEqual({ code: 0, out: 'true', err: '' })
    expect(await recordsIn(join(directory, 'audit-journal'))).toMatchObject([
      { eventName: 'audit.pipeline.start' },
      { eventName: 'admin.store.create', traceId: 'f2c9be1e3b644f309d0a0b2a7a5c7f11' },
      { eventName: 'audit.pipeline.stop' },
    ])
  })

  it('module-with-provider: the journal and the module’s own backend both have the event', async () => {
    const { code, out, err } = await runExample('module-with-provider.ts')
    expect({ code, out, err }).toEqual({ code: 0, out: "true [ 'alice admin.store.close 7' ]", err: '' })
  })

  it('module-with-provider: a module that is off is not asked', async () => {
    const { code, out } = await runExample('module-with-provider.ts', { SEARCH: 'off' })
    expect({ code, out }).toEqual({ code: 0, out: 'true []' })
  })

  it('beside-node-sdk: the record carries the active span’s trace', async () => {
    const { code, out, err, directory } = await runExample('beside-node-sdk.ts', {
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const traceId = /^record 2 of stream [0-9a-f-]{36}, trace ([0-9a-f]{32})$/m.exec(out)?.[1]
    expect(await recordsIn(join(directory, 'audit-journal'))).toContainEqual(
      expect.objectContaining({ eventName: 'admin.user.change_role', traceId }),
    )
    expect(out).toContain('shop-admin')
  })

  it('in-a-transaction: after the commit, or a row that the rollback takes', async () => {
    const { code, out, err } = await runExample('in-a-transaction.ts')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.split('\n')).toEqual(['after the commit: true', 'inside: true', 'rows after the rollback: 0'])
  })

  it('custom-provider: a log record processor takes part in the receipt', async () => {
    const { code, out, err, directory } = await runExample('custom-provider.ts')
    expect({ code, out, err }).toEqual({ code: 0, out: 'local { journal: { ok: true }, file: { ok: true } }', err: '' })
    const [line = ''] = readFileSync(join(directory, 'audit-copy.jsonl'), 'utf8').split('\n')
    expect(JSON.parse(line)).toMatchObject({ event: 'admin.session.login', 'audit.actor.id': 'alice' })
  })

  it('in-tests: a test of business code looks at its audit records in memory', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', join(root, 'examples')],
      { encoding: 'utf8', env: { PATH: process.env['PATH'], NO_COLOR: '1' } },
    )
    expect(stdout).toContain('1 passed')
    expect(status).toBe(0)
  })

  it('all examples are run here', () => {
    const files = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts') && !name.includes('config'))
    const tests = readFileSync(import.meta.filename, 'utf8')
    for (const file of files) expect(tests, file).toContain(file.replace(/(\.test)?\.ts$/, ''))
  })
})
