// node scripts/write-settings.ts: writes the table of docs/settings.md from src/config/settings-table.ts, and the names of secrets.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsTable, type Setting } from '../src/config/settings-table.ts'
import { defaultRedactKeys } from '../src/event/redaction.ts'

const table = ['<!-- table: npm run docs:settings -->', '<!-- end of table -->'] as const
const names = ['<!-- names: npm run docs:settings -->', '<!-- end of names -->'] as const

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
const code = (text: string): string => `\`${text}\``

const units: Partial<Record<Setting['type'], string>> = { millis: ' ms' }

function defaultOf(setting: Setting): string {
  if (setting.defaultText !== undefined) return setting.defaultText
  if (setting.default === undefined) return 'none'
  const inMebibytes = Number(setting.default) / 1_048_576
  const mebibytes = setting.type === 'bytes' && Number.isInteger(inMebibytes) ? ` (${inMebibytes} MiB)` : ''
  return `${code(String(setting.default))}${units[setting.type] ?? ''}${mebibytes}`
}

function row(setting: Setting): string {
  const variables = [setting.variable, ...(setting.otel ?? [])].flatMap((name) =>
    name === undefined ? [] : [code(name)],
  )
  const choices = setting.choices ? ` (${setting.choices.map(code).join(', ')})` : ''
  const cells = [
    code(setting.name),
    variables.join(', ') || '—',
    defaultOf(setting),
    `${setting.meaning}${choices}`,
    setting.price,
  ]
  return `| ${cells.map(cell).join(' | ')} |`
}

/** The text of docs/settings.md with its table and its list renewed. */
export function renewed(text: string): string {
  const head = ['| option | variable | default | meaning | price |', '|---|---|---|---|---|']
  const withTable = between(text, table, [...head, ...settingsTable.map(row)].join('\n'))
  return between(withTable, names, `\n${defaultRedactKeys.map(code).join(', ')}\n`)
}

function between(text: string, [begin, end]: readonly [string, string], content: string): string {
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined)
    throw new Error(`docs/settings.md has lost its marks: ${begin}, ${end}`)
  return `${before}${begin}\n${content}\n${end}${after}`
}

if (import.meta.main) {
  const path = join(import.meta.dirname, '..', 'docs', 'settings.md')
  writeFileSync(path, renewed(readFileSync(path, 'utf8')))
}
