import { describe, expect, it } from 'vitest'
import { instruments } from '../../src/telemetry/metrics.ts'
import { isTree, list, yaml } from './files.ts'

const groups = list(yaml('deploy/alerts.yaml')['groups']).filter(isTree)
const rules = groups.flatMap((group) => list(group['rules']).filter(isTree))
const expressions = rules.map((rule) => String(rule['expr']))

describe('deploy/alerts.yaml', () => {
  it('has rules with a unique name, a severity and a summary', () => {
    for (const rule of rules) {
      expect(rule).toMatchObject({
        alert: expect.stringMatching(/^Audit[A-Za-z]+$/) as string,
        labels: { severity: expect.stringMatching(/^(critical|warning)$/) as string },
        annotations: { summary: expect.any(String) as string },
      })
    }
    expect(new Set(rules.map((rule) => rule['alert'])).size).toBe(rules.length)
  })

  it('watches what the Collector cannot store, cannot send, and how full its queues are', () => {
    for (const name of ['enqueue_failed_log_records', 'send_failed_log_records', 'queue_size', 'queue_capacity']) {
      expect(expressions.join('\n')).toContain(`otelcol_exporter_${name}`)
    }
  })

  it("watches the library's metrics by the names that it gives them", () => {
    const known = Object.values(instruments).map(({ name }) => name.replaceAll('.', '_'))
    const used = new Set(expressions.flatMap((expression) => expression.match(/\baudit_[a-z_]+[a-z]/g) ?? []))
    expect([...used].sort()).toEqual(['audit_queue_depth', 'audit_records_dropped', 'audit_records_exported'])
    for (const name of used) expect(known).toContain(name)
  })

  it('raises no alarm for a record that the far end has already', () => {
    const dropped = rules.find((rule) => rule['alert'] === 'AuditRecordsDropped')
    expect(dropped?.['expr']).toContain('{__name__=~"audit_records_dropped(_total)?", reason!="duplicate"}')
  })

  it('has balanced brackets and quotes in every expression', () => {
    for (const expression of expressions) {
      const bare = expression.replaceAll(/"[^"]*"/g, '')
      expect(bare).not.toContain('"')
      for (const [open, close] of [
        ['(', ')'],
        ['[', ']'],
        ['{', '}'],
      ] as const) {
        expect(bare.split(open).length, expression).toBe(bare.split(close).length)
      }
    }
  })
})
