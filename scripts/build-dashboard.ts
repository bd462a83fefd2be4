// Writes deploy/grafana/dashboards/audit.json. The dashboard is edited here, not in the JSON.
//   npx node scripts/build-dashboard.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge'
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import * as logs from '@grafana/grafana-foundation-sdk/logs'
import * as loki from '@grafana/grafana-foundation-sdk/loki'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'

const source = { type: 'loki', uid: 'loki' }

// Attributes are structured metadata in Loki, dots turned into underscores; the line is the record's details as JSON.
const records = '{service_name=~"$service"} | audit_record_id!=""'
const actions = `${records} | audit_actor_type!="system"`
const chosen = `${actions} | audit_actor_id=~"$actor" | audit_action=~"$action" | audit_target_id=~"$target"`
// The trail's own records. Loki versions that drop event names know a gap by its action.
const pipeline = `${records} | audit_actor_type="system"`
const gaps = `${pipeline} | event_name="audit.pipeline.gap" or audit_action=~".*gap.*"`
const readable =
  '| line_format "{{.audit_action}} {{.audit_target_type}}/{{.audit_target_id}} by {{.audit_actor_id}}: {{.audit_outcome}} {{__line__}}"'

const query = (expr: string): loki.DataqueryBuilder => new loki.DataqueryBuilder().expr(expr).refId('A')
const lines = (expr: string): loki.DataqueryBuilder => query(`${expr} ${readable}`).queryType('range').maxLines(500)
const overTime = (expr: string, by: string): loki.DataqueryBuilder =>
  query(`sum by (${by}) (count_over_time(${expr} [$__auto]))`).queryType('range').legendFormat(`{{${by}}}`)
const total = (expr: string): loki.DataqueryBuilder =>
  query(`sum(count_over_time(${expr} [$__range]))`).queryType('instant')
const top = (expr: string, by: readonly string[]): loki.DataqueryBuilder =>
  query(`topk(15, sum by (${by.join(', ')}) (count_over_time(${expr} [$__range])))`)
    .queryType('instant')
    .legendFormat(by.map((label) => `{{${label}}}`).join(' '))

const steps = (...values: readonly [value: number | null, color: string][]): dashboard.ThresholdsConfigBuilder =>
  new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(values.map(([value, color]) => ({ value, color })))

const number = (title: string, description: string, target: Builder<Dataquery>): stat.PanelBuilder =>
  new stat.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(source)
    .withTarget(target)
    .graphMode(common.BigValueGraphMode.None)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .noValue('0')
    .thresholds(steps([null, 'text']))
    .span(6)
    .height(4)

const alarm = (panel: stat.PanelBuilder, color: string): stat.PanelBuilder =>
  panel.thresholds(steps([null, 'green'], [1, color])).colorMode(common.BigValueColorMode.Background)

const bars = (title: string, target: Builder<Dataquery>): timeseries.PanelBuilder =>
  new timeseries.PanelBuilder()
    .title(title)
    .datasource(source)
    .withTarget(target)
    .drawStyle(common.GraphDrawStyle.Bars)
    .fillOpacity(80)
    .lineWidth(0)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal))
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi))
    .height(8)

const ranking = (title: string, target: Builder<Dataquery>): bargauge.PanelBuilder =>
  new bargauge.PanelBuilder()
    .title(title)
    .datasource(source)
    .withTarget(target)
    .orientation(common.VizOrientation.Horizontal)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(steps([null, 'blue']))
    .span(12)
    .height(9)

const list = (title: string, description: string, target: Builder<Dataquery>): logs.PanelBuilder =>
  new logs.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(source)
    .withTarget(target)
    .showTime(true)
    .enableLogDetails(true)
    .wrapLogMessage(true)
    .sortOrder(common.LogsSortOrder.Descending)
    .span(24)
    .height(10)

const text = (name: string, label: string, value: string, description: string): dashboard.TextBoxVariableBuilder =>
  new dashboard.TextBoxVariableBuilder(name).label(label).defaultValue(value).description(description)

/** The dashboard as the JSON text that Grafana provisions. */
export function buildDashboard(): string {
  const service = new dashboard.QueryVariableBuilder('service')
    .label('Service')
    .datasource(source)
    .query({ label: 'service_name', refId: 'service', stream: '', type: 1 })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ selected: true, text: 'All', value: '$__all' })

  // eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor's schema is not what every supported Grafana provisions from files
  const built = new dashboard.DashboardBuilder('Audit trail')
    .uid('otel-audit')
    .description('Who did what to which thing. Built by scripts/build-dashboard.ts.')
    .tags(['audit'])
    .timezone('browser')
    .time({ from: 'now-24h', to: 'now' })
    .refresh('30s')
    .withVariable(service)
    .withVariable(text('request_id', 'Request ID', '', 'The exact request ID, as in the answer of the service'))
    .withVariable(text('actor', 'Actor', '.*', 'Regular expression for who acted'))
    .withVariable(text('action', 'Action', '.*', 'Regular expression for the action'))
    .withVariable(text('target', 'Target', '.*', 'Regular expression for the target id'))
    .withPanel(
      list(
        'Request $request_id',
        'Every audit record of one request, whoever acted. Open a record for its attributes and the link to its trace.',
        lines(`${records} | audit_request_id!="" | audit_request_id="$request_id"`),
      ).height(7),
    )
    .withPanel(number('Actions', 'Records of people and services', total(chosen)))
    .withPanel(
      alarm(number('Failed', 'Actions with outcome failure', total(`${chosen} | audit_outcome="failure"`)), 'orange'),
    )
    .withPanel(number('Starts and stops', 'Records of the trail about itself', total(pipeline)))
    .withPanel(alarm(number('Gaps', 'Records that were refused or set aside', total(gaps)), 'red'))
    .withPanel(bars('Actions over time', overTime(chosen, 'audit_action')).span(24))
    .withPanel(ranking('By actor', top(chosen, ['audit_actor_type', 'audit_actor_id'])))
    .withPanel(ranking('By target', top(chosen, ['audit_target_type', 'audit_target_id'])))
    .withPanel(bars('Failures over time', overTime(`${chosen} | audit_outcome="failure"`, 'audit_action')).span(12))
    .withPanel(
      list('Failures', 'Actions with outcome failure', lines(`${chosen} | audit_outcome="failure"`))
        .span(12)
        .height(8),
    )
    .withPanel(list('Records', 'What the fields at the top select', lines(chosen)))
    .withPanel(
      list(
        'The trail itself',
        'Starts, stops, adopted streams, changes of configuration and gaps. A gap says how many records are unconfirmed, and why.',
        lines(pipeline),
      ),
    )
    .build()
  return `${JSON.stringify(built, undefined, 2)}\n`
}

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, '..', 'deploy', 'grafana', 'dashboards', 'audit.json'), buildDashboard())
}
