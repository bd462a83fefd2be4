import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { alarmsOf, readDisk } from '../../src/cli/torture/oracle.ts'
import { startHostileCollector } from '../../src/testing/hostile-collector.ts'
import { writeStream } from './journal-fixture.ts'
import { runCli } from './run-cli.ts'

const script = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

interface Summary {
  readonly ok: boolean
  readonly seed: number
  readonly passes: number
  readonly scenarios: readonly {
    name: string
    tried: string[]
    counts: Record<string, number>
    failures: string[]
    unchecked?: string
  }[]
}

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'otel-audit-torture-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function torture(args: readonly string[], env: Record<string, string> = {}): Promise<Summary & { code: number }> {
  const { code, out, notes } = await runCli(['torture', '--json', ...args], env)
  if (out.length === 0) throw new Error(notes.join('\n'))
  return { code, ...(JSON.parse(out.join('')) as Summary) }
}

describe('otel-audit torture', { timeout: 90_000 }, () => {
  it('kills services, ends them suddenly, breaks their disk, and finds every acknowledged record', async () => {
    const directory = scratch()
    const { code, ok, seed, scenarios } = await torture([
      'kill',
      'exits',
      'disk',
      '--rounds',
      '4',
      '--seed',
      '7',
      '--dir',
      directory,
    ])
    expect(scenarios.flatMap(({ failures }) => failures)).toEqual([])
    expect({ code, ok, seed }).toEqual({ code: 0, ok: true, seed: 7 })
    expect(scenarios.map(({ name }) => name)).toEqual(['kill', 'exits', 'disk'])
    const [kill, exits, disk] = scenarios
    expect(kill?.counts['acknowledged']).toBeGreaterThan(0)
    expect(kill?.counts['onDisk']).toBeGreaterThanOrEqual(kill?.counts['acknowledged'] ?? Infinity)
    expect(exits?.counts).toEqual({ handedOver: 3_500, onDisk: 3_500 })
    expect(disk?.counts['faults']).toBeGreaterThan(0)
    expect(readdirSync(directory)).toEqual([])
  })

  it('plays a collector that misbehaves in every way', async () => {
    const { code, scenarios } = await torture(['delivery', '--dir', scratch()])
    expect(scenarios.flatMap(({ failures }) => failures)).toEqual([])
    expect(code).toBe(0)
    const counts = scenarios[0]?.counts
    expect(counts?.['setAside']).toBeGreaterThan(0)
    expect(counts?.['atCollector']).toBeGreaterThan(0)
    expect(scenarios[0]?.tried[0]).toMatch(/^2\d ways of misbehaving/)
  })

  it('finds a disk that loses what it was given, and tells the seed', async () => {
    // Every 20th write of a victim's records goes nowhere although it succeeds.
    const losing = `const fs = process.getBuiltinModule('fs'); const write = fs.writeSync; let count = 0
      fs.writeSync = (fd, bytes, ...rest) => fd > 2 && bytes.length > 1000 && ++count % 20 === 0
        ? write(fd, new Uint8Array(bytes.length), ...rest) : write(fd, bytes, ...rest)`
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(losing)}` }
    const { code, scenarios } = await torture(['kill', '--rounds', '2', '--seed', '7', '--dir', scratch()], env)
    expect(code).toBe(1)
    const failures = scenarios.flatMap((scenario) => scenario.failures)
    expect(failures).toContainEqual(
      expect.stringMatching(/^seed 7: \d+ acknowledged records missing on disk: [0-9a-f-]{36}/),
    )
    expect(failures).toContainEqual(expect.stringMatching(/^seed 7: \d+ findings of verify/))
  })

  it('delivers to a collector of the user, with its headers, and tells what that acknowledged', async () => {
    const collector = await startHostileCollector()
    onTestFinished(() => collector.close())
    const env = { AUDIT_COLLECTOR_HEADERS: 'authorization=Bearer%20x', AUDIT_COLLECTOR_URL: 'http://127.0.0.1:9' }
    const args = ['kill', '--endpoint', collector.url, '--rounds', '2', '--dir', scratch()]
    const { code, scenarios } = await torture(args, env)
    const own = scenarios.find(({ name }) => name === 'endpoint')
    expect(own?.failures).toEqual([])
    expect(code).toBe(0)
    expect(own?.counts['acknowledged']).toBeGreaterThan(0)
    expect(own?.counts['acknowledgedByCollector']).toBe(collector.received().records)
    expect(new Set(collector.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer x']))
  })

  it('says that a collector could not be tried', async () => {
    const { code, scenarios } = await torture([
      'kill',
      '--rounds',
      '1',
      '--endpoint',
      'http://127.0.0.1:9',
      '--dir',
      scratch(),
    ])
    expect(code).toBe(3)
    expect(scenarios[1]?.unchecked).toMatch(/^tcp: .*ECONNREFUSED.*see otel-audit doctor$/)
  })

  it('touches no journal: neither that of the environment nor one that --dir names', async () => {
    const root = scratch()
    const journal = join(root, 'journal')
    const env = { AUDIT_JOURNAL_DIR: journal, AUDIT_CONFIRM_BY: 'all', AUDIT_JOURNAL: 'false' }
    expect(await torture(['kill', '--rounds', '1'], env)).toMatchObject({ code: 0 })
    expect(readdirSync(root)).toEqual([])
    const { id } = writeStream(journal, [[[{}]]])
    for (const place of [journal, join(journal, id)]) {
      const { code, notes } = await runCli(['torture', '--dir', place], env)
      expect({ code, note: notes.join() }).toMatchObject({
        code: 2,
        note: expect.stringContaining('in the journal') as string,
      })
    }
    const another = await runCli(['torture', '--dir', journal])
    expect(another).toMatchObject({ code: 2, notes: [expect.stringContaining('is a journal') as string] })
    expect(readdirSync(journal)).toEqual([id])
  })

  it('keeps the scratch directory when asked', async () => {
    const root = scratch()
    const { out, notes } = await runCli(['torture', 'kill', '--rounds', '1', '--keep', '--dir', root])
    expect(out[0]).toMatch(/^held +kill +1 process killed under load/)
    const [kept = ''] = readdirSync(root)
    expect(notes).toContain(`kept: ${join(root, kept)}`)
    expect(existsSync(join(root, kept, '0', '0', 'journal'))).toBe(true)
  })

  it('stops at SIGINT, removes the scratch directory and leaves no service behind', async () => {
    const root = scratch()
    const child = spawn(process.execPath, [script, 'torture', 'kill', '--rounds', '1000', '--dir', root])
    await once(child.stderr, 'data')
    await new Promise((resolve) => setTimeout(resolve, 700))
    child.kill('SIGINT')
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(code).toBe(3)
    expect(readdirSync(root)).toEqual([])
  })

  it('is used wrongly with an unknown fault or a number that is none; where nothing can be made it says so', async () => {
    expect(await runCli(['torture', 'gremlins'])).toMatchObject({ code: 2, out: [] })
    expect(await runCli(['torture', '--rounds', '0'])).toMatchObject({ code: 2, out: [] })
    expect(await runCli(['torture', '--minutes', 'ten'])).toMatchObject({ code: 2, out: [] })
    const { code, notes } = await runCli(['torture', '--dir', '/nowhere/at-all'])
    expect({ code, notes }).toEqual({ code: 3, notes: ['otel-audit torture: there is no directory /nowhere/at-all'] })
  })
})

describe('the oracle', () => {
  it('sees what is missing, and damage through the head that was confirmed', async () => {
    const journal = join(scratch(), 'journal')
    mkdirSync(journal)
    const { id, files, recordIds } = writeStream(journal, [[[{}]], [[{}]], [[{}]]])
    expect(await alarmsOf(journal)).toEqual([])
    expect(readDisk(journal)).toMatchObject({ streams: 1, recordIds: new Set(recordIds) })
    writeFileSync(files[1] ?? '', '')
    expect(readDisk(journal).recordIds).toEqual(new Set([recordIds[0], recordIds[2]]))
    expect(await alarmsOf(journal)).toHaveLength(1)
    expect(await alarmsOf(journal, new Map([[id, 3]]))).toHaveLength(1)
    expect(await alarmsOf(journal, new Map([[id, 1]]))).toEqual([])
  })
})
