import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { resolveConfig } from '../../src/config.ts'
import { settingsTable } from '../../src/index.ts'
import { version } from '../../src/version.ts'

it('every scalar setting has a variable, named after its path', () => {
  for (const { name, variable, type } of settingsTable) {
    if (type === 'code') expect(variable).toBeUndefined()
    else expect(variable).toBe(`AUDIT_${name.replace(/[A-Z]/g, '_$&').replaceAll('.', '_').toUpperCase()}`)
  }
})

it('every setting says what it means, what it costs and what it is by default', () => {
  for (const setting of settingsTable) {
    expect(setting.meaning.length, setting.name).toBeGreaterThan(10)
    expect(setting.price.length, setting.name).toBeGreaterThan(5)
    expect(setting.default ?? setting.defaultText, setting.name).toBeDefined()
  }
})

it('times end in Millis and sizes in Bytes', () => {
  for (const { name, type } of settingsTable) {
    if (type === 'millis') expect(name).toMatch(/Millis$/)
    if (type === 'bytes') expect(name).toMatch(/Bytes$/)
  }
})

it('names and variables are unique', () => {
  const names = settingsTable.map(({ name }) => name)
  const variables = settingsTable.flatMap(({ variable }) => variable ?? [])
  expect(new Set(names).size).toBe(names.length)
  expect(new Set(variables).size).toBe(variables.length)
})

it('the defaults of the table are the defaults that are used', () => {
  const config: unknown = resolveConfig({}, {})
  const renamed: Record<string, string> = {
    'journal.retain': 'journal.retainMillis',
    onQueueFull: 'journal.onQueueFull',
  }
  for (const { name, type, default: expected } of settingsTable) {
    if (expected === undefined || type === 'flag' || name === 'journal.dir' || name === 'collector.url') continue
    let value = config
    for (const key of (renamed[name] ?? name).split('.')) value = (value as Record<string, unknown>)[key]
    expect(value, name).toBe(expected)
  }
})

it('the version is that of package.json', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  expect(version).toBe((JSON.parse(text) as { version: string }).version)
})
