import { badConfig, checkValue, parseText, show } from './setting-value.ts'
import type { Setting } from './setting.ts'
import { settingsTable } from './settings-table.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A setting's value and where it came from. */
export interface Found {
  readonly value: unknown
  readonly source: 'code' | 'audit' | 'otel' | 'default'
  /** The option or variable, for messages. */
  readonly where: string
}

const byName = new Map(settingsTable.map((setting) => [setting.name, setting]))

/** Reads settings: code wins over `AUDIT_*`, which wins over `OTEL_*`, which wins over the default. */
export class SettingReader {
  readonly #options: Readonly<Record<string, unknown>>
  readonly env: Environment

  constructor(options: Readonly<Record<string, unknown>>, env: Environment) {
    this.#options = options
    this.env = env
  }

  /** @throws AuditError `bad_config` */
  find(name: string): Found {
    const setting = settingNamed(name)
    const given = this.given(name)
    if (given !== undefined) return { value: checkValue(given, setting, name), source: 'code', where: name }
    return this.findInEnvironment(setting) ?? { value: setting.default, source: 'default', where: name }
  }

  findInEnvironment(setting: Setting): Found | undefined {
    const own = setting.variable === undefined ? undefined : this.variable(setting.variable)
    if (setting.variable !== undefined && own !== undefined) {
      return { value: parseText(own, setting, setting.variable), source: 'audit', where: setting.variable }
    }
    return this.findInOtel(setting.name)
  }

  findInOtel(name: string): Found | undefined {
    const setting = settingNamed(name)
    if (setting.otelAddressOnly === true && this.find('collector.url').source !== 'otel') return undefined
    for (const variable of setting.otel ?? []) {
      const text = this.variable(variable)
      if (text !== undefined) return { value: parseText(text, setting, variable), source: 'otel', where: variable }
    }
    return undefined
  }

  /** What code gave for a setting, unchecked; `undefined` also below a section that is not an object. */
  given(name: string): unknown {
    let value: unknown = this.#options
    for (const key of name.split('.')) {
      if (typeof value !== 'object' || value === null) return undefined
      value = (value as Readonly<Record<string, unknown>>)[key]
    }
    return value ?? undefined
  }

  /** A variable that is set and not empty (OpenTelemetry: empty is unset). */
  variable(name: string): string | undefined {
    const text = this.env[name]?.trim()
    return text === '' ? undefined : text
  }

  count(name: string): number {
    return this.find(name).value as number
  }

  text(name: string): string {
    return this.find(name).value as string
  }

  flag(name: string): boolean {
    return this.find(name).value as boolean
  }

  names(name: string): readonly string[] | undefined {
    return this.find(name).value as readonly string[] | undefined
  }

  /**
   * Whether a section is on: an object or `true` in code switches it on, `false` (for some also `'none'`) off, else its
   * variable decides.
   */
  section(name: string): Found & { readonly value: boolean } {
    const given = this.given(name)
    if (given === undefined) {
      const found = this.findInEnvironment(settingNamed(name))
      return found === undefined
        ? { value: true, source: 'default', where: name }
        : { ...found, value: found.value as boolean }
    }
    if (given === false || (name === 'collector' && given === 'none'))
      return { value: false, source: 'code', where: name }
    if (given === true || (typeof given === 'object' && !Array.isArray(given))) {
      return { value: true, source: 'code', where: name }
    }
    throw badConfig(`${name} must be an object of settings or false, not ${show(given)}`)
  }
}

function settingNamed(name: string): Setting {
  const setting = byName.get(name)
  if (setting === undefined) throw new TypeError(`no setting is named ${name}`)
  return setting
}
