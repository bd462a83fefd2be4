import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { scratchDirectory } from './journal-fixture.ts'
import { runCli } from './run-cli.ts'

const one = '11111111-1111-4111-8111-111111111111'
const two = '12222222-2222-4222-8222-222222222222'
let journal: string

beforeEach(() => {
  journal = scratchDirectory()
  mkdirSync(join(journal, 'set-aside'))
  put(one, 7, 'rejected', 'too \u001b[31mlarge')
  put(one, 12, 'duplicate', '')
  put(two, 7, 'rejected', 'bad')
})

function file(stream: string, number: number): string {
  return join(journal, 'set-aside', `${stream}-${number}.json`)
}

function put(stream: string, number: number, reason: string, body: string): void {
  const record = {
    eventName: 'admin.store.create',
    attributes: [{ key: 'audit.actor.id', value: { stringValue: 'eve' } }],
  }
  const request = JSON.stringify({
    resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }],
    n: `${stream}/${number}`,
  })
  const answer = { status: reason === 'duplicate' ? 409 : 400, body, receivedAt: '2026-11-24T03:00:00.000Z' }
  writeFileSync(file(stream, number), JSON.stringify({ stream, number, recordId: 'rec', reason, request, answer }))
}

describe('otel-audit set-aside list and show', () => {
  it('lists each with its reason and the answer, escaped, and exits 1 while one is refused', async () => {
    const { code, out, notes } = await runCli(['set-aside', 'list', '--dir', journal])
    expect(out).toEqual([
      `${one}/7  rejected  HTTP 400 at 2026-11-24T03:00:00.000Z  too \\u001b[31mlarge`,
      `${one}/12  duplicate  HTTP 409 at 2026-11-24T03:00:00.000Z  `,
      `${two}/7  rejected  HTTP 400 at 2026-11-24T03:00:00.000Z  bad`,
    ])
    expect({ code, notes }).toEqual({ code: 1, notes: ['3 records set aside'] })
    const json = await runCli(['set-aside', 'list', '--json', '--dir', journal])
    expect(json.out.map((line) => (JSON.parse(line) as { number: number }).number)).toEqual([7, 12, 7])
    expect(await runCli(['set-aside', 'list', '--dir', scratchDirectory()])).toMatchObject({ code: 0, out: [] })
  })

  it('shows one by its stream’s first letters, if they are enough', async () => {
    const { code, out } = await runCli(['set-aside', 'show', '12/7', '--dir', journal])
    expect(code).toBe(0)
    expect(out.join('\n')).toContain('admin.store.create')
    expect(out).toContain(`record    rec, number 7 of stream ${two}`)
    expect(await runCli(['set-aside', 'show', '1/7', '--dir', journal])).toMatchObject({
      code: 2,
      notes: [expect.stringContaining('"1/7" stands for 2 records')],
    })
    expect(await runCli(['set-aside', 'show', '9/9', '--dir', journal])).toMatchObject({ code: 3, out: [] })
    expect(await runCli(['set-aside', 'show', 'nonsense', '--dir', journal])).toMatchObject({ code: 2 })
    expect(await runCli(['set-aside', 'show', '--dir', journal])).toMatchObject({ code: 2 })
    expect(await runCli(['set-aside', 'frobnicate', '--dir', journal])).toMatchObject({ code: 2 })
  })

  it('names damaged entries with exit 3 and lists the others', async () => {
    writeFileSync(file(one, 7), '{"half":')
    writeFileSync(file(two, 7), JSON.stringify({ stream: two, number: 7, reason: 'rejected', request: '{}' }))
    const { code, out, notes } = await runCli(['set-aside', 'list', '--dir', journal])
    expect({ code, out }).toEqual({ code: 3, out: [expect.stringContaining(`${one}/12  duplicate`)] })
    expect(notes).toEqual([
      expect.stringMatching(new RegExp(`${one}-7\\.json is not a set-aside record`)),
      expect.stringMatching(new RegExp(`${two}-7\\.json is not a set-aside record`)),
      '3 records set aside, 2 of them cannot be read',
    ])
    expect(await runCli(['set-aside', 'show', '11/7', '--dir', journal])).toMatchObject({ code: 3, out: [] })
  })

  it('says with exit 3 that a directory is no journal', async () => {
    const other = scratchDirectory()
    writeFileSync(join(other, 'readme'), 'x')
    const notes = [`otel-audit set-aside: ${other} is no audit journal: there is no stream in it`]
    expect(await runCli(['set-aside', 'list', '--dir', other])).toEqual({ code: 3, out: [], notes })
  })
})

describe('otel-audit set-aside retry', () => {
  let received: string[]
  let answers: { status: number; body: string }[]
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      received.push(`${request.url ?? ''} ${Buffer.concat(chunks).toString()}`)
      const { status, body } = answers.shift() ?? { status: 200, body: '{}' }
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
  })
  let url: string

  beforeEach(async () => {
    received = []
    answers = []
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => void server.close())

  it('posts each alone, byte for byte, and takes out what the collector confirmed, and nothing else', async () => {
    answers = [
      { status: 200, body: '{}' },
      { status: 409, body: '' },
      { status: 400, body: 'still bad' },
    ]
    const { code, out } = await runCli(['set-aside', 'retry', '--all', '--url', url, '--dir', journal])
    expect(received.map((text) => text.slice(0, 26))).toEqual(Array(3).fill('/v1/logs {"resourceLogs":['))
    expect(received[0]).toContain(`"n":"${one}/7"`)
    expect(out.map((line) => line.split('  ')[1])).toEqual(['delivered', 'refused', 'refused'])
    expect(code).toBe(1)
    expect([existsSync(file(one, 7)), existsSync(file(one, 12)), existsSync(file(two, 7))]).toEqual([false, true, true])
  })

  it('keeps a record that a partial success rejects, and one that an unreadable 200 answers', async () => {
    answers = [
      { status: 200, body: '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no"}}' },
      { status: 200, body: '<html>' },
    ]
    const { code } = await runCli(['set-aside', 'retry', `${one}/7`, `${two}/7`, '--url', url, '--dir', journal])
    expect(code).toBe(3)
    expect([existsSync(file(one, 7)), existsSync(file(two, 7))]).toEqual([true, true])
  })

  it('sends all that can be read when one is damaged, and exits 3', async () => {
    writeFileSync(file(one, 7), '{"half":')
    const { code, notes } = await runCli(['set-aside', 'retry', '--all', '--url', url, '--dir', journal])
    expect({ code, notes }).toEqual({ code: 3, notes: [expect.stringContaining('is not a set-aside record')] })
    expect(received).toHaveLength(2)
    expect([existsSync(file(one, 7)), existsSync(file(one, 12)), existsSync(file(two, 7))]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('sends nothing more once it is stopped, and exits 3', async () => {
    const args = ['set-aside', 'retry', '--all', '--url', url, '--dir', journal]
    const notes = ['otel-audit set-aside: stopped before the end']
    expect(await runCli(args, {}, AbortSignal.abort())).toEqual({ code: 3, out: [], notes })
    expect(received).toEqual([])
  })

  it('takes the collector from the library’s variables', async () => {
    const { code } = await runCli(['set-aside', 'retry', '12/7', '--dir', journal], { AUDIT_COLLECTOR_URL: url })
    expect(code).toBe(0)
    expect(received).toHaveLength(1)
    expect(existsSync(file(two, 7))).toBe(false)
  })

  it('exits 3 when the collector is not reached, and 2 when nothing is named', async () => {
    const gone = { AUDIT_COLLECTOR_URL: 'http://127.0.0.1:1' }
    expect(await runCli(['set-aside', 'retry', '12/7', '--dir', journal], gone)).toMatchObject({ code: 3 })
    expect(existsSync(file(two, 7))).toBe(true)
    expect(await runCli(['set-aside', 'retry', '--dir', journal])).toMatchObject({ code: 2, out: [] })
    expect(await runCli(['set-aside', 'retry', '12/7', '--url', 'nonsense', '--dir', journal])).toMatchObject({
      code: 2,
    })
  })
})
