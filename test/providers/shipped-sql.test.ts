import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { sqlFor, type DatabaseDialect } from '../../src/providers/index.ts'

it.each(['postgresql', 'sqlite'] as DatabaseDialect[])(
  'sql/%s.sql is what sqlFor gives for the default names (UPDATE_SQL=1 writes it)',
  (dialect) => {
    const file = new URL(`../../sql/${dialect}.sql`, import.meta.url)
    if (process.env['UPDATE_SQL'] === '1') writeFileSync(file, sqlFor({ dialect }))
    expect(readFileSync(file, 'utf8')).toBe(sqlFor({ dialect }))
  },
)
