import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parser } from '@grafana/lezer-logql'
import { describe, expect, it } from 'vitest'
import { buildDashboard } from '../../scripts/build-dashboard.ts'
import { at, isTree, leaves, list, root, yaml, type Tree } from './files.ts'

const committed = readFileSync(join(root, 'deploy/grafana/dashboards/audit.json'), 'utf8')
const dashboard: unknown = JSON.parse(committed)
if (!isTree(dashboard)) throw new Error('the dashboard is not an object')
const panels = list(dashboard['panels']).filter(isTree)
const targets = panels.flatMap((panel) =>
  list(panel['targets'])
    .filter(isTree)
    .map((target): [string, string] => [String(panel['title']), String(target['expr'])]),
)
const variables = list(at(dashboard, 'templating')['list']).filter(isTree)
const sources = list(yaml('deploy/grafana/provisioning/datasources/datasources.yaml')['datasources']).filter(isTree)

/** As Grafana fills it in before Loki sees it. */
function filledIn(expression: string): string {
  return expression
    .replaceAll(/\$__(auto|range|interval)/g, '5m')
    .replaceAll(/\$\{?__span\.[^}]*\}?|\$\{__trace\.traceId\}/g, 'value')
    .replaceAll(/\$\{?[a-z_]+\}?/g, 'value')
}

function faults(expression: string): string[] {
  const found: string[] = []
  const text = filledIn(expression)
  parser.parse(text).iterate({
    enter: (node) => {
      if (node.type.isError) found.push(`${text.slice(0, node.from)} >>> ${text.slice(node.from)}`)
    },
  })
  return found
}

describe('the dashboard', () => {
  it('is what scripts/build-dashboard.ts builds', () => {
    expect(buildDashboard()).toBe(committed)
  })

  it('answers: what over time, who, to what, failures, one request, the gaps of the trail', () => {
    const titles = panels.map((panel) => panel['title'])
    for (const title of [
      'Actions over time',
      'By actor',
      'By target',
      'Failures',
      'Request $request_id',
      'Gaps',
      'The trail itself',
    ]) {
      expect(titles).toContain(title)
    }
  })

  it.each(targets)('%s: %s is LogQL', (_title, expression) => {
    expect(faults(expression)).toEqual([])
  })

  it('would notice an expression that is not LogQL', () => {
    expect(faults('sum by (x) (count_over_time({a="b"} | c=~ [5m]))')).not.toEqual([])
  })

  it('uses no variable that it does not define, and leaves none unused', () => {
    const used = new Set(
      targets.flatMap(([, expression]) => expression.match(/\$(?!__)[a-z_]+/g) ?? []).map((name) => name.slice(1)),
    )
    expect([...used].sort()).toEqual(variables.map((variable) => String(variable['name'])).sort())
  })

  it('searches by request ID in a field that one can type into, exactly', () => {
    expect(variables.find((variable) => variable['name'] === 'request_id')).toMatchObject({ type: 'textbox' })
    expect(Object.fromEntries(targets)['Request $request_id']).toContain('audit_request_id="$request_id"')
  })

  it('reads from data sources that are provisioned', () => {
    const uids = sources.map((source) => source['uid'])
    for (const [where, uid] of leaves(dashboard['panels']))
      if (where.endsWith('.datasource.uid')) expect(uids).toContain(uid)
  })

  it('knows attributes by the names that the records have', () => {
    const known = new Set(Object.keys(names))
    const inQueries = new Set(targets.flatMap(([, expression]) => expression.match(/\baudit_[a-z_]+/g) ?? []))
    expect([...inQueries].filter((name) => !known.has(name))).toEqual([])
  })
})

/** Names of contract and draft, as Loki writes them. */
const names = {
  audit_record_id: 0,
  audit_actor_id: 0,
  audit_actor_type: 0,
  audit_action: 0,
  audit_outcome: 0,
  audit_target_type: 0,
  audit_target_id: 0,
  audit_request_id: 0,
}

describe('the data sources', () => {
  const source = (type: string): Tree => at(sources.find((each) => each['type'] === type) ?? {}, 'jsonData')

  it('lead from a record to its trace', () => {
    expect(list(source('loki')['derivedFields'])).toEqual([
      expect.objectContaining({
        matcherType: 'label',
        matcherRegex: 'trace_id',
        datasourceUid: 'tempo',
        url: '$${__value.raw}',
      }),
    ])
  })

  it('lead from a trace to its records, by LogQL that parses', () => {
    const back = at(source('tempo'), 'tracesToLogsV2')
    expect(back).toMatchObject({ datasourceUid: 'loki', customQuery: true })
    const query = String(back['query']).replaceAll('$$', '$')
    expect(query).toContain('trace_id="${__trace.traceId}"')
    expect(faults(query)).toEqual([])
  })
})
