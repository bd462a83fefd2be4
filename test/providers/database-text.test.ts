import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { auditRow, rowJsonb } from '../../src/providers/audit-row.ts'
import { sampleAuditEvent } from '../../src/testing/sample-event.ts'
import { log } from './database-call.ts'
import { usePostgresql } from './postgresql-fixture.ts'

/** Any 16-bit units, NUL, lone surrogates, backslashes and quotes among them more often than by chance. */
const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom(0, 0x22, 0x5c, 0x75, 0x30, 0xd800, 0xdbff, 0xdc00, 0xdfff),
    ),
    { maxLength: 24 },
  )
  .map((units) => String.fromCharCode(...units))

const kept = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\\u0000')

describe('the text of a row for PostgreSQL', () => {
  const { database } = usePostgresql()

  it('comes back whole, whatever the texts hold: 300 random rows', async () => {
    const { client } = await database()
    await fc.assert(
      fc.asyncProperty(anyText, anyText, anyText, async (userAgent, key, text) => {
        await client.query('BEGIN; DELETE FROM admin_audit_log')
        expect(await log(client, { userAgent, details: { [`k${key}`]: [text] } })).toEqual({ ok: true })
        const { rows } = await client.query('SELECT user_agent, details FROM admin_audit_log')
        await client.query('COMMIT')
        expect(rows).toEqual([{ user_agent: kept(userAgent), details: { [`k${kept(key)}`]: [kept(text)] } }])
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})

it('is JSON text that says the same as the row but for NUL and lone surrogates: 2,000 random rows', () => {
  fc.assert(
    fc.property(anyText, anyText, (userAgent, text) => {
      const event = sampleAuditEvent({ userAgent, details: { text } })

      const row = auditRow(event, {})
      const parsed = JSON.parse(rowJsonb(row)) as Record<string, unknown>
      expect(parsed).toEqual({ ...row, user_agent: kept(userAgent), details: { text: kept(text) } })
    }),
    { numRuns: 2_000 },
  )
})
