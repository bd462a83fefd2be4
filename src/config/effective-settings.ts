import { SettingReader, type Environment, type Found } from './setting-reader.ts'
import type { Setting } from './setting.ts'
import { settingsTable } from './settings-table.ts'
import { withoutSecrets } from '../telemetry/without-secrets.ts'

export { withoutSecrets }

/** One setting as the library would take it, ready to be shown: no secret is in it. */
export interface EffectiveSetting {
  readonly name: string
  readonly value: string
  readonly source: 'option' | 'AUDIT_' | 'OTEL_' | 'default'
  /** The option or variable that decided; absent for a default. */
  readonly where?: string
}

const sources = { code: 'option', audit: 'AUDIT_', otel: 'OTEL_', default: 'default' } as const

/**
 * Every setting that has a variable, with its value and where that came from. Of headers only the names are told, of an
 * address not its query. @throws AuditError `bad_config`
 */
export function effectiveSettings(
  options: Readonly<Record<string, unknown>>,
  env: Environment,
): readonly EffectiveSetting[] {
  const reader = new SettingReader(options, env)
  return settingsTable.flatMap((setting) => {
    if (setting.type === 'code') return []
    const section = isSection(setting.name)
    const found: Found = section ? sectionOf(reader, setting.name) : reader.find(setting.name)
    const { source, where } = found
    return {
      name: setting.name,
      value: shown(found, setting),
      source: sources[source],
      ...(source === 'default' ? {} : { where }),
    }
  })
}

/** Settings given below a section don't make it a decision of its own. */
function sectionOf(reader: SettingReader, name: string): Found {
  const found = reader.section(name)
  return typeof reader.given(name) === 'object' ? { value: true, source: 'default', where: name } : found
}

function isSection(name: string): boolean {
  return ['journal', 'collector', 'redact'].includes(name)
}

function shown({ value, source }: Found, setting: Setting): string {
  if (source === 'default') return setting.defaultText ?? String(setting.default)
  if (setting.type === 'headers') return typeof value === 'object' ? Object.keys(value ?? {}).join(', ') : 'a function'
  if (Array.isArray(value)) return value.join(', ')
  if (setting.name === 'collector.url') return withoutSecrets(String(value))
  return String(value)
}
