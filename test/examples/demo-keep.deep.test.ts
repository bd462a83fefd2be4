import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { root } from './run-example.ts'

it(
  'npm run demo -- --keep stays up and says how to talk to it; SIGINT goes on to the end',
  { timeout: 60_000 },
  async () => {
    const child = spawn(process.execPath, [join(root, 'scripts/demo/run.ts'), '--keep'], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    })
    onTestFinished(() => void child.kill('SIGTERM'))
    let out = ''
    child.stdout.on('data', (data: Buffer) => (out += data.toString()))
    await expect.poll(() => out, { timeout: 40_000 }).toContain('records as they arrive:')
    const url = /curl -X POST (http:\S+)\/stores/.exec(out)?.[1] ?? ''
    await fetch(`${url}/stores`, {
      method: 'POST',
      headers: { 'x-admin-user': 'alice', 'content-type': 'application/json' },
      body: '{"name":"Lisbon","currency":"EUR"}',
    })
    await expect.poll(() => out, { timeout: 10_000 }).toContain('"Lisbon"')
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number | null]
    expect(out).toContain('✓ journal and far end verify')
    expect(code).toBe(0)
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  },
)

it('a demo that is killed by SIGTERM leaves neither a process nor a file behind', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [join(root, 'scripts/demo/run.ts'), '--keep'], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  })
  onTestFinished(() => void child.kill('SIGTERM'))
  let out = ''
  child.stdout.on('data', (data: Buffer) => (out += data.toString()))
  await expect.poll(() => out, { timeout: 40_000 }).toMatch(/journal {3}\S+\n/)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([130, null])
  await expect
    .poll(async () => fetch(`${/service {3}(http:\S+)/.exec(out)?.[1] ?? ''}/health`).catch(() => 'gone'))
    .toBe('gone')
  const journal = /journal {3}(\S+)/.exec(out)?.[1] ?? ''
  expect(existsSync(dirname(journal)), journal).toBe(false)
})
