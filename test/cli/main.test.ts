import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { scratchDirectory, writeStream } from './journal-fixture.ts'
import { runCli } from './run-cli.ts'

const script = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const verbs = ['tail', 'verify', 'status', 'set-aside', 'doctor', 'torture', 'trace-id']

describe('otel-audit', () => {
  it('explains itself on stdout with --help, and on stderr with exit 2 when no verb is given', async () => {
    const help = await runCli(['--help'])
    expect(help.code).toBe(0)
    for (const verb of verbs) expect(help.out.join('\n')).toContain(verb)
    const nothing = await runCli([])
    expect(nothing).toMatchObject({ code: 2, out: [] })
    expect(nothing.notes).toEqual(help.out)
  })

  it.each(verbs)('%s --help begins with examples and exits 0', async (verb) => {
    const { code, out } = await runCli([verb, '--help'])
    expect(code).toBe(0)
    expect(out[0]).toContain(`otel-audit ${verb}`)
    expect(out[2]).toBe('Examples:')
    expect(out.some((line) => line.startsWith('Usage:'))).toBe(true)
  })

  it('refuses an unknown verb and an unknown option with exit 2 and where to look', async () => {
    expect(await runCli(['frobnicate\u001b[31m'])).toEqual({
      code: 2,
      out: [],
      notes: ['otel-audit: there is no verb "frobnicate\\u001b[31m"; see otel-audit --help'],
    })
    for (const verb of verbs) {
      const { code, out, notes } = await runCli([verb, '--frobnicate'])
      expect({ code, out }).toEqual({ code: 2, out: [] })
      expect(notes.join()).toMatch(/'--frobnicate'.*; see otel-audit .* --help/s)
    }
  })

  it('tells of a wrong option on one line', async () => {
    const { notes } = await runCli(['status', '--dir', '--json'])
    expect(notes).toEqual([expect.stringMatching(/ambiguous\. Did you forget .*; see otel-audit status --help$/)])
  })

  it('says with exit 3 that a journal is not there', async () => {
    for (const verb of ['tail', 'status', 'verify']) {
      const { code, out, notes } = await runCli([verb], { AUDIT_JOURNAL_DIR: '/nowhere/at-all' })
      expect({ code, out }).toEqual({ code: 3, out: [] })
      expect(notes.join()).toContain('/nowhere/at-all')
    }
  })

  it('says with exit 3 that a directory is no journal; an empty one is one without records', async () => {
    const directory = scratchDirectory()
    for (const verb of ['tail', 'status']) expect(await runCli([verb, directory])).toMatchObject({ code: 0 })
    writeFileSync(join(directory, 'notes.txt'), 'x')
    for (const verb of ['tail', 'status']) {
      const notes = [`otel-audit ${verb}: ${directory} is no audit journal: there is no stream in it`]
      expect(await runCli([verb, directory])).toEqual({ code: 3, out: [], notes })
    }
  })

  it('takes the directory of one stream as well', async () => {
    const journal = scratchDirectory()
    writeStream(journal, [[[{}]]])
    const { directory } = writeStream(journal, [[[{}, {}]]])
    expect((await runCli(['tail', directory])).out).toHaveLength(2)
    expect((await runCli(['status', directory])).out).toContainEqual(expect.stringContaining('2 in 1 stream'))
  })

  it('prints its version', async () => {
    expect((await runCli(['--version'])).out).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+/)])
  })

  it('reports nothing and exits 3 when it is stopped before the end', async () => {
    const journal = scratchDirectory()
    writeStream(journal, [[[{}]]])
    for (const args of [
      ['verify', journal],
      ['verify', '--threads', '2', '--json', journal],
      ['status', journal],
      ['tail', journal],
    ]) {
      const notes = [`otel-audit ${args[0] ?? ''}: stopped before the end`]
      expect(await runCli(args, {}, AbortSignal.abort())).toEqual({ code: 3, out: [], notes })
    }
  })

  it('stays quiet when its reader goes away', async () => {
    const journal = scratchDirectory()
    writeStream(journal, [[Array.from({ length: 500 }, () => ({ body: { text: 'x'.repeat(1000) } }))]])
    const child = spawn(process.execPath, [script, 'tail', '-n', 'all', '--json', '--dir', journal])
    let notes = ''
    child.stderr.on('data', (data: Buffer) => (notes += data.toString()))
    child.stdout.once('data', () => child.stdout.destroy())
    const [code] = (await once(child, 'exit')) as [number | null]
    expect({ code, notes }).toEqual({ code: 0, notes: '' })
  })

  const hasFull = existsSync('/dev/full')
  if (!hasFull) process.stdout.write('skipped: no /dev/full here, which is a device of Linux\n')
  it.skipIf(!hasFull)('exits 3 when its output cannot be written', () => {
    const journal = scratchDirectory()
    writeStream(journal, [[[{}]]])
    const full = openSync('/dev/full', 'w')
    for (const args of [
      ['status', journal],
      ['verify', '--json', journal],
      ['tail', journal],
      ['tail', '-n', 'all', '-f', journal],
      ['trace-id', 'order-17'],
      ['--help'],
    ]) {
      const { status, stderr } = spawnSync(process.execPath, [script, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', full, 'pipe'],
        timeout: 20_000,
      })
      expect({ args, status, stderr }).toEqual({
        args,
        status: 3,
        stderr: 'otel-audit: cannot write the output: ENOSPC: no space left on device, write\n',
      })
    }
    closeSync(full)
  })

  it('colours only when asked: FORCE_COLOR does, NO_COLOR and a pipe do not', () => {
    const journal = scratchDirectory()
    writeStream(journal, [[[{}]]])
    const run = (env: Record<string, string>) =>
      spawnSync(process.execPath, [script, 'tail', '--dir', journal], { encoding: 'utf8', env }).stdout
    expect(run({ FORCE_COLOR: '1' })).toContain('\u001b[32msuccess')
    expect(run({})).not.toContain('\u001b')
    expect(run({ FORCE_COLOR: '1', NO_COLOR: '1' })).not.toContain('\u001b')
  })
})
