import type { AuditProblem } from '../errors.ts'
import { collectorProcessVariables } from './collector-process-variables.ts'
import { nearestName } from './nearest-name.ts'
import { laterSettings, refusedSettings } from './refused-settings.ts'
import type { SettingReader } from './setting-reader.ts'
import { badConfig } from './setting-value.ts'
import { settingsTable } from './settings-table.ts'

const names = settingsTable.map((setting) => setting.name)
const variables = settingsTable.flatMap((setting) => setting.variable ?? [])
const meant = new Set([...variables, ...collectorProcessVariables])
const refusedVariables = new Map(Object.entries(refusedSettings).map(([name, reason]) => [variableOf(name), reason]))

/** Refuses every option that no setting has, with the reason or the nearest known one. @throws AuditError `bad_config` */
export function checkOptionNames(options: Readonly<Record<string, unknown>>, section = ''): void {
  for (const [key, value] of Object.entries(options)) {
    const name = section + key
    const nested = names.some((known) => known.startsWith(`${name}.`))
    if (value === undefined && (nested || names.includes(name))) continue
    if (!nested && !names.includes(name)) throw unknownOption(name, key, section)
    if (nested && typeof value === 'object' && value !== null && !Array.isArray(value)) {
      checkOptionNames(value as Readonly<Record<string, unknown>>, `${name}.`)
    }
  }
}

function unknownOption(name: string, key: string, section: string): Error {
  const reason = Object.hasOwn(refusedSettings, key) ? refusedSettings[key] : undefined
  if (reason !== undefined) return badConfig(`${name} is refused: ${reason} (rule P1)`)
  if (laterSettings.includes(key) && section === '') return badConfig(`${name} is not available in this version`)
  const local = names.filter((known) => known.startsWith(section)).map((known) => known.slice(section.length))
  const near = nearestName(key, local) ?? nearestName(name, names)
  const hint =
    near === undefined ? `known: ${[...new Set(local)].join(', ')}` : `did you mean ${withSection(near, section)}?`
  return badConfig(`unknown option ${name}; ${hint}`)
}

function withSection(near: string, section: string): string {
  return near.startsWith(section) ? near : section + near
}

/**
 * One problem for each `AUDIT_*` variable that means nothing here.
 *
 * @throws AuditError `bad_config` for one that asks to lose records (rule P1)
 */
export function unknownVariables(reader: SettingReader): Omit<AuditProblem, 'count'>[] {
  const problems: Omit<AuditProblem, 'count'>[] = []
  for (const name of Object.keys(reader.env)) {
    if (!name.startsWith('AUDIT_') || meant.has(name)) continue
    const reason = refusedVariables.get(name)
    if (reason !== undefined) throw badConfig(`${name} is refused: ${reason} (rule P1)`)
    const near = nearestName(name, variables)
    const hint = near === undefined ? 'it is ignored' : `did you mean ${near}? It is ignored`
    problems.push({ code: 'unknown_variable', message: `Unknown environment variable ${name}: ${hint}` })
  }
  const address = deliveryByDefault(reader)
  if (address !== undefined && reader.variable('AUDIT_COLLECTOR_ENDPOINT') !== undefined) {
    const message =
      `AUDIT_COLLECTOR_ENDPOINT is where the Collector itself listens; records go to ${address}, the default: ` +
      'did you mean AUDIT_COLLECTOR_URL?'
    problems.push({ code: 'unknown_variable', message })
  }
  return problems
}

/** The default address, when records are delivered and nothing names another. */
function deliveryByDefault(reader: SettingReader): string | undefined {
  if (!reader.section('journal').value || !reader.section('collector').value) return undefined
  const { source, value } = reader.find('collector.url')
  return source === 'default' ? (value as string) : undefined
}

function variableOf(name: string): string {
  return `AUDIT_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`
}
