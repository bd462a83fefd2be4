import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { scratchDirectory, writeStream, type FixtureRecord } from './journal-fixture.ts'
import { runCli } from './run-cli.ts'

const script = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const records = (count: number): FixtureRecord[] =>
  Array.from({ length: count }, (_, i) => ({ requestId: `r-${i + 1}` }))

async function requestIds(...args: string[]): Promise<string[]> {
  const { code, out } = await runCli(['tail', ...args])
  expect(code).toBe(0)
  return out.map((line) => /r-\d+/.exec(line)?.[0] ?? line)
}

describe('otel-audit tail', () => {
  it('shows one readable line a record: time, event, actor, target, outcome, request, place', async () => {
    const journal = scratchDirectory()
    const { id } = writeStream(journal, [[[{ requestId: 'r-1', attributes: { 'audit.target.name': 'Berlin' } }]]])
    const { code, out, notes } = await runCli(['tail', '--dir', journal])
    expect({ code, notes }).toEqual({ code: 0, notes: [] })
    expect(out).toEqual([
      expect.stringMatching(
        /^2026-11-18T11:06:40\.001Z {2}admin\.store\.create +alice +→ store 7 "Berlin" +success +request r-1 /,
      ),
    ])
    expect(out[0]).toMatch(new RegExp(` ${id.slice(0, 8)}/1$`))
  })

  it('shows the last 10 records unless told otherwise, across lines and segments', async () => {
    const journal = scratchDirectory()
    const all = records(25)
    writeStream(journal, [[all.slice(0, 8), all.slice(8, 12)], [all.slice(12, 18)], [all.slice(18)]])
    const last = (count: number) =>
      records(25)
        .slice(-count)
        .map(({ requestId }) => requestId)
    expect(await requestIds('--dir', journal)).toEqual(last(10))
    expect(await requestIds('--dir', journal, '-n', '3')).toEqual(last(3))
    expect(await requestIds('--dir', journal, '-n', '7')).toEqual(last(7))
    expect(await requestIds('--dir', journal, '-n', '0')).toEqual([])
    expect(await requestIds('--dir', journal, '-n', 'all')).toEqual(last(25))
  })

  it('puts the newest records of several streams in the order of time, each stream in its own', async () => {
    const journal = scratchDirectory()
    writeStream(journal, [[[{ requestId: 'r-2' }, { requestId: 'r-3' }]]], { from: 100 })
    writeStream(journal, [[[{ requestId: 'r-1' }]]], { from: 0 })
    writeStream(journal, [[[{ requestId: 'r-4' }]]], { from: 200 })
    expect(await requestIds('--dir', journal)).toEqual(['r-1', 'r-2', 'r-3', 'r-4'])
    expect(await requestIds('--dir', journal, '-n', '2')).toEqual(['r-3', 'r-4'])
  })

  it('keeps a stream in its own order when its clock jumped back', async () => {
    const journal = scratchDirectory()
    const ids = ['r-1', 'r-2', 'r-3', 'r-4']
    writeStream(journal, [[[300, 301, 5, 302].map((millis, i) => ({ requestId: ids[i] ?? '', millis }))]])
    writeStream(journal, [[[{ requestId: 'r-9', millis: 100 }]]])
    expect(await requestIds('--dir', journal)).toEqual(['r-9', ...ids])
  })

  it('finds all records of one request', async () => {
    const journal = scratchDirectory()
    writeStream(journal, [[records(20), [{ requestId: 'r-1' }]]])
    expect(await requestIds('--dir', journal, '--request', 'r-1')).toEqual(['r-1', 'r-1'])
    expect(await requestIds('--dir', journal, '--request', 'r-1', '-n', '1')).toEqual(['r-1'])
    expect(await requestIds('--dir', journal, '--request', 'r-99')).toEqual([])
  })

  it('takes the journal from AUDIT_JOURNAL_DIR, and --dir before it', async () => {
    const [one, two] = [scratchDirectory(), scratchDirectory()]
    writeStream(one, [[[{ requestId: 'r-1' }]]])
    writeStream(two, [[[{ requestId: 'r-2' }]]])
    expect((await runCli(['tail'], { AUDIT_JOURNAL_DIR: one })).out.join()).toContain('r-1')
    expect((await runCli(['tail', '--dir', two], { AUDIT_JOURNAL_DIR: one })).out.join()).toContain('r-2')
  })

  it('prints whole records with --json, keys named __proto__ included', async () => {
    const journal = scratchDirectory()
    const body = JSON.parse('{"__proto__":{"a":1},"list":[1,2.5,true,null,"x"]}') as object
    writeStream(journal, [[[{ body, traceId: 'ab'.repeat(16), attributes: { big: 2n ** 60n } }]]])
    const { out } = await runCli(['tail', '--json', '--dir', journal])
    const [record] = out.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(JSON.stringify(record?.['body'])).toBe('{"__proto__":{"a":1},"list":[1,2.5,true,null,"x"]}')
    expect(record).toMatchObject({
      eventName: 'admin.store.create',
      time: '2026-11-18T11:06:40.001Z',
      traceId: 'ab'.repeat(16),
      attributes: { 'audit.actor.id': 'alice', 'audit.sequence.number': 1, big: '1152921504606846976' },
    })
  })

  it('escapes what a hostile actor put into a record', async () => {
    const journal = scratchDirectory()
    const hostile = 'eve\u001b]0;owned\u0007\u202e\n\u009b2J'
    writeStream(journal, [
      [
        [
          {
            actor: hostile,
            eventName: hostile,
            requestId: hostile,
            outcome: hostile,
            attributes: { [hostile]: hostile },
          },
        ],
      ],
    ])
    for (const args of [[], ['--json']]) {
      const { out } = await runCli(['tail', '--dir', journal, ...args])
      expect(out).toHaveLength(1)
      expect(out[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
      expect(out[0]).toContain('\\u001b]0;owned')
    }
  })

  it('shows what it can of a damaged journal and says with exit 1 how much it could not', async () => {
    const journal = scratchDirectory()
    const { files } = writeStream(journal, [[[{ requestId: 'r-1' }], [{ requestId: 'r-2' }], [{ requestId: 'r-3' }]]])
    const [file = ''] = files
    writeFileSync(file, readFileSync(file, 'utf8').replace('r-2', 'r-5'))
    const { code, out, notes } = await runCli(['tail', '--dir', journal])
    expect(out.map((line) => /r-\d/.exec(line)?.[0])).toEqual(['r-1', 'r-3'])
    expect({ code, notes }).toEqual({
      code: 1,
      notes: [`otel-audit tail: 1 line could not be read; see otel-audit verify ${journal}`],
    })
  })

  it('shows a line once that was written again to another segment after a fault', async () => {
    const journal = scratchDirectory()
    const { files } = writeStream(journal, [[[{ requestId: 'r-1' }], [{ requestId: 'r-2' }]]])
    const [file = ''] = files
    const [, second = ''] = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file.replace(/\d{20}-\d{6}/, '00000000000000000002-000002'), `${second}\n`)
    expect(await requestIds('--dir', journal, '-n', 'all')).toEqual(['r-1', 'r-2'])
  })

  it('refuses a count that is none', async () => {
    expect(await runCli(['tail', '-n', 'ten'])).toMatchObject({
      code: 2,
      notes: ['otel-audit tail: --lines wants a number, not "ten"; see otel-audit tail --help'],
    })
  })

  it('follows with -f: what is appended, a line only when it is complete, new segments, new streams; SIGINT ends it', async () => {
    const journal = scratchDirectory()
    const whole = scratchDirectory()
    const { id } = writeStream(journal, [[[{ requestId: 'r-1' }]]])
    const [, file = ''] = [id, writeStream(whole, [[[{ requestId: 'r-1' }], [{ requestId: 'r-2' }]]], { id }).files[0]]
    const second = `${readFileSync(file, 'utf8').split('\n')[1] ?? ''}\n`
    const child = spawn(process.execPath, [script, 'tail', '-f', '--dir', journal])
    onTestFinished(() => void child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const next = async () => /r-\d/.exec(((await lines.next()) as { value: string }).value)?.[0]
    expect(await next()).toBe('r-1')
    const target = file.replace(whole, journal)
    appendFileSync(target, second.slice(0, 400))
    await new Promise((resolve) => setTimeout(resolve, 500))
    appendFileSync(target, second.slice(400))
    expect(await next()).toBe('r-2')
    writeStream(journal, [[[{ requestId: 'r-3' }]]])
    expect(await next()).toBe('r-3')
    child.kill('SIGINT')
    const code = await new Promise((resolve) => child.once('exit', resolve))
    expect(code).toBe(0)
  })
})
