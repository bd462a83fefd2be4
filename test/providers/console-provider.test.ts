import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { consoleProvider } from '../../src/providers/index.ts'
import { sampleAuditEvent } from '../../src/testing/sample-event.ts'
import { SlotDriver } from '../../src/testing/slot-driver.ts'

const occurredAt = new Date('2026-11-24T01:02:03.456Z')
const recordId = '3d1bd34a-5fb7-4b3c-8d5c-0d7a6dd4a001'

describe('consoleProvider', () => {
  it('writes one readable line per event', async () => {
    const lines: string[] = []
    const driver = new SlotDriver(consoleProvider({ write: (line) => lines.push(line) }))
    const event = sampleAuditEvent({ occurredAt, recordId, details: { name: 'Shop', big: 2n ** 60n } })
    expect(await driver.put(event).outcome).toEqual({ ok: true })
    expect(lines).toEqual([
      '2026-11-24T01:02:03.456Z AUDIT admin.store.create success user:42 create_store store:7 ip=192.0.2.7 ' +
        `request=req-1 details={"name":"Shop","big":"1152921504606846976"} record=${recordId}\n`,
    ])
  })

  it('writes one JSON object per line on request', async () => {
    const lines: string[] = []
    const driver = new SlotDriver(consoleProvider({ pretty: false, write: (line) => lines.push(line) }))
    await driver.put(sampleAuditEvent({ occurredAt, recordId, targetId: 'a\u202eb\n😀' })).outcome
    expect(lines[0]).toMatch(/^\{[^\n]*\}\n$/)
    expect(lines[0]).not.toContain('\u202e')
    expect(JSON.parse(lines[0]!)).toMatchObject({
      recordId,
      targetId: 'a\u202eb\n😀',
      occurredAt: occurredAt.toISOString(),
    })
  })

  it('shows control, bidirectional, zero-width and separator characters escaped', async () => {
    const lines: string[] = []
    const driver = new SlotDriver(consoleProvider({ write: (line) => lines.push(line) }))
    const hostile = 'x\u001b[2J\r\n\u0000\u0085\u009b\u200b\u200f\u202e\u2066\u2028\ufeff\u{e0041}'
    await driver.put(
      sampleAuditEvent({ adminUserId: hostile, action: hostile, eventName: hostile, details: { [hostile]: hostile } }),
    ).outcome
    expect(lines[0]).toMatch(/^[\x20-\x7e]*\n$/)
    expect(lines[0]).toContain('\\u202e')
    expect(lines[0]).toContain('\\udb40\\udc41')
  })

  it('fails the slot when the line cannot be written', async () => {
    const driver = new SlotDriver(
      consoleProvider({
        write: () => {
          throw new Error('closed')
        },
      }),
    )
    const put = driver.put(sampleAuditEvent())
    expect(put.thrown).toBeUndefined()
    expect(await put.outcome).toMatchObject({
      ok: false,
      error: { code: 'provider_failed', message: 'audit provider "console": the line was not written: closed' },
    })
  })

  it('waits for an async write, and fails the slot when it rejects, also without a reason', async () => {
    for (const cause of [new Error('closed'), undefined]) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- anything may be thrown
      const driver = new SlotDriver(consoleProvider({ write: () => Promise.reject(cause) }))
      const why = cause === undefined ? 'for no reason given' : 'closed'
      expect(await driver.put(sampleAuditEvent()).outcome).toMatchObject({
        error: { code: 'provider_failed', message: `audit provider "console": the line was not written: ${why}` },
      })
    }
    let written = false
    const write = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      written = true
    }
    const provider = consoleProvider({ write })
    const put = new SlotDriver(provider).put(sampleAuditEvent())
    await provider.forceFlush()
    expect(written).toBe(true)
    expect(await put.outcome).toEqual({ ok: true })
  })

  it('fails the slot when write throws nothing', async () => {
    const write = (): never => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- anything may be thrown
      throw undefined
    }
    expect(await new SlotDriver(consoleProvider({ write })).put(sampleAuditEvent()).outcome).toMatchObject({
      error: { code: 'provider_failed' },
    })
  })

  it('prints to stdout and outlives a reader that went away', async () => {
    const script = `
      import { consoleProvider } from '${new URL('../../src/providers/index.ts', import.meta.url).href}'
      import { sampleAuditEvent } from '${new URL('../../src/testing/sample-event.ts', import.meta.url).href}'
      import { SlotDriver } from '${new URL('../../src/testing/slot-driver.ts', import.meta.url).href}'
      const driver = new SlotDriver(consoleProvider())
      const outcomes = []
      for (let n = 0; n < 50; n += 1) {
        outcomes.push((await driver.put(sampleAuditEvent()).outcome).ok)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      process.stderr.write(JSON.stringify(outcomes))`
    const { stdout, stderr } = await promisify(execFile)(
      'sh',
      ['-c', '"$0" --input-type=module -e "$1" | head -n 1', process.execPath, script],
      { env: { ...process.env, NODE_NO_WARNINGS: '1' } },
    )
    expect(stdout).toMatch(/^\S+Z AUDIT admin\.store\.create success user:42 .*\n$/)
    const outcomes = JSON.parse(stderr) as boolean[]
    expect(outcomes).toHaveLength(50)
    expect(outcomes[0]).toBe(true)
    expect(outcomes.at(-1)).toBe(false)
  })

  it('refuses unknown options and streams', () => {
    for (const options of [{ colour: true }, { stream: 'file' }, { write: 'x' }]) {
      expect(() => consoleProvider(options as object)).toThrow(expect.objectContaining({ code: 'bad_config' }))
    }
  })
})
