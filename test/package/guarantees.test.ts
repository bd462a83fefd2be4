import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { textOf, trackedFiles } from './tracked-files.ts'

const document = textOf('docs/guarantees.md')
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
const named = [...document.matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, file = '']) => file)

describe('docs/guarantees.md', () => {
  it('names a test in every row, and the file systems it was tried on', () => {
    expect(rows.length).toBeGreaterThan(15)
    for (const row of rows) {
      const [, fault, holds, shownBy = '', triedOn = ''] = row.split(' | ').map((cell) => cell.trim())
      expect([fault, holds], row).not.toContain('')
      expect(row, row).toMatch(/\]\(\.\.\/test\//)
      expect(shownBy + triedOn, row).not.toBe('')
    }
  })

  it('names only tests that are there', () => {
    const files = trackedFiles()
    const there = (name: string): boolean => files.some((file) => file === name || file.startsWith(`${name}/`))
    expect(named.filter((name) => !there(name))).toEqual([])
  })

  it('names every test of faults and of the model', () => {
    const tests = trackedFiles().filter((file) => /^test\/(faults|model)\/.*\.test\.ts$/.test(file))
    expect(tests.length).toBeGreaterThan(15)
    expect(tests.filter((file) => !named.includes(file))).toEqual([])
  })
})

describe('a test of faults or of the model', () => {
  it('says what it tried on a line that .ci/run shows, by itself or by what it shares with its deep form', () => {
    expect(textOf('.ci/run')).toContain("'^(skipped|tried):'")
    const tests = trackedFiles().filter((file) => /^test\/(faults|model)\/.*\.test\.ts$/.test(file))
    const shared = (file: string): string[] =>
      [...textOf(file).matchAll(/from '(\.\/[^']+\.ts)'/g)].map(([, name = '']) => join(dirname(file), name))
    const tells = (file: string): boolean => textOf(file).includes('`tried: ') || textOf(file).includes("'tried: ")
    expect(tests.filter((file) => ![file, ...shared(file)].some(tells))).toEqual([])
  })
})
