import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { auditErrorCodes } from '../../src/errors.ts'
import { renewed } from '../../scripts/write-settings.ts'
import { version } from '../../src/version.ts'
import { root, textOf, trackedFiles } from './tracked-files.ts'

const documents = trackedFiles().filter((name) => name.endsWith('.md'))

/** The first cells of the rows of a Markdown table whose head starts with `head`. */
function firstCells(text: string, head: string): string[] {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${head} `))
  const rows = start < 0 ? [] : lines.slice(start + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return (end < 0 ? rows : rows.slice(0, end)).map((row) => row.split('|')[1]?.trim() ?? '')
}

describe('docs/errors.md', () => {
  it('has one row for each error code, and none for others', () => {
    const rows = firstCells(textOf('docs/errors.md'), 'code').map((cell) => cell.replaceAll('`', ''))
    expect([...rows].sort()).toEqual([...auditErrorCodes].sort())
  })

  it('has one row for each problem code that is no error code', () => {
    const source = textOf('src/errors.ts')
    const union = /export type AuditProblemCode =([^]*?)\n\n/.exec(source)?.[1] ?? ''
    const codes = [...union.matchAll(/'([a-z_]+)'/g)].map((match) => match[1])
    expect(codes.length).toBeGreaterThan(0)
    const rows = firstCells(textOf('docs/errors.md'), 'problem').map((cell) => cell.replaceAll('`', ''))
    expect([...rows].sort()).toEqual([...codes].sort())
  })
})

interface RoomRule {
  name: string
  from: { path: string }
  to: { pathNot: string[] }
}

describe('ARCHITECTURE.md', () => {
  it('says who may import whom as the import rules do', async () => {
    const { default: config } = (await import(`${root}/.dependency-cruiser.cjs`)) as {
      default: { forbidden: RoomRule[] }
    }
    const rules = config.forbidden.filter((rule) => rule.name.includes('-imports-only-'))
    const path = (pattern: string): string =>
      pattern
        .replace(/^\^src\//, '')
        .replace(/\$$/, '')
        .replaceAll('\\', '')
    const rooms = Object.fromEntries(
      rules.map(({ from, to }): [string, string[]] => [path(from.path).slice(0, -1), to.pathNot.slice(2).map(path)]),
    )
    const rows = textOf('ARCHITECTURE.md').matchAll(/^\| `([a-z]+)` +\| ([^|]*)\|/gm)
    const table = Object.fromEntries(
      [...rows].map(([, room, cell]): [string, (string | undefined)[]] => [
        String(room),
        [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((m) => m[1]),
      ]),
    )
    expect(table).toEqual(rooms)
  })

  it('names every room of src', () => {
    const rooms = trackedFiles().flatMap((name) => /^src\/([a-z]+)\//.exec(name)?.[1] ?? [])
    const text = textOf('ARCHITECTURE.md')
    expect([...new Set(rooms)].filter((room) => !text.includes(`${room}/`))).toEqual([])
  })

  it('gives the reason for each dependency at run time', () => {
    const manifest = JSON.parse(textOf('package.json')) as Record<'dependencies' | 'peerDependencies', object>
    const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]
    expect(
      firstCells(textOf('ARCHITECTURE.md'), 'dependency')
        .map((cell) => cell.replaceAll('`', ''))
        .sort(),
    ).toEqual(names.sort())
  })
})

describe('docs/settings.md', () => {
  it('has the line of every setting and the names that are redacted (renew it by npm run docs:settings)', () => {
    expect(textOf('docs/settings.md')).toBe(renewed(textOf('docs/settings.md')))
  })
})

describe('src/version.ts', () => {
  it('is the version of package.json', () => {
    expect(version).toBe((JSON.parse(textOf('package.json')) as { version: string }).version)
  })
})

describe('CHANGELOG.md', () => {
  it('has a place for what is not released yet', () => {
    expect(textOf('CHANGELOG.md')).toMatch(/^## Unreleased$/m)
  })
})

describe.each(documents)('%s', (name) => {
  const text = textOf(name)

  it('links to files that are there', () => {
    const links = [...text.replaceAll(/```[^]*?```/g, '').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      (match) => match[1] ?? '',
    )
    expect(links.filter((link) => !existsSync(join(root, dirname(name), link)))).toEqual([])
  })

  it('names npm scripts that are there', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/npm run ([a-z][a-z0-9:-]*)/g)].map((match) => match[1] ?? '')
    expect(named.filter((script) => !(script in scripts))).toEqual([])
  })

  it('shows TypeScript that is in a file of examples/, which CI runs', () => {
    const blocks = [
      ...text.matchAll(
        /(?:<!-- (?:from: )?(examples\/[^ #]+)(?:#([a-z-]+))? -->\n+)?```(?:ts|typescript)\n([^]*?)```/g,
      ),
    ]
    for (const [, file, region, code] of blocks) {
      expect(file, `a block without <!-- examples/… --> before it:\n${code ?? ''}`).toBeDefined()
      expect(code?.trim()).toBe(example(file ?? '', region))
    }
  })
})

/** The text of an example, or of the part between `#region name` and `#endregion`, moved to the left margin. */
function example(file: string, region: string | undefined): string {
  const lines = readFileSync(join(root, file), 'utf8').trim().split('\n')
  if (region === undefined) return lines.join('\n')
  const start = lines.findIndex((line) => line.trim() === `// #region ${region}`)
  const end = lines.findIndex((line, index) => index > start && line.trim().startsWith('// #endregion'))
  const part = start < 0 || end < 0 ? [] : lines.slice(start + 1, end)
  const margin = Math.min(...part.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)))
  return part
    .map((line) => line.slice(margin))
    .join('\n')
    .trim()
}
