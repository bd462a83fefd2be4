import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fileLines } from '../../src/cli/file-lines.ts'
import { digestRange } from '../../src/cli/verify/file-range.ts'
import { scratchDirectory } from './journal-fixture.ts'

const file = join(scratchDirectory(), 'lines')

async function read(content: string | Buffer, start = 0): Promise<[number, string, boolean][]> {
  writeFileSync(file, content)
  const lines: [number, string, boolean][] = []
  for await (const { line, bytes, complete } of fileLines(file, start)) {
    lines.push([line, Buffer.from(bytes).toString(), complete])
  }
  return lines
}

it('numbers lines, skips blank ones and tells a last line without its newline', async () => {
  expect(await read('a\n\nb\nc')).toEqual([
    [1, 'a', true],
    [3, 'b', true],
    [4, 'c', false],
  ])
  expect(await read('')).toEqual([])
  expect(await read('ab\ncd\n', 3)).toEqual([[1, 'cd', true]])
})

it('gives lines that are longer than its buffer, or end right at its edge, whole', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(1, 100, 500_000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000), { maxLength: 6 }),
      async (lengths) => {
        const lines = await read(lengths.map((length, i) => `${String.fromCharCode(97 + i).repeat(length)}\n`).join(''))
        expect(lines.map(([, text]) => text.length)).toEqual(lengths)
        expect(lines.map(([, text]) => text[0] === text.at(-1))).toEqual(lengths.map(() => true))
      },
    ),
    { numRuns: 30 },
  )
})

it('gives nothing for a file that is gone', async () => {
  const lines = []
  for await (const line of fileLines(join(scratchDirectory(), 'gone'))) lines.push(line)
  expect(lines).toEqual([])
})

it('does not follow a symbolic link', async () => {
  writeFileSync(file, 'a\n')
  const path = join(scratchDirectory(), 'link')
  symlinkSync(file, path)
  await expect(fileLines(path).next()).rejects.toMatchObject({ code: 'ELOOP' })
  expect(() => digestRange({ path, kind: 'segment', start: 0, end: Infinity })).toThrow('ELOOP')
  expect(digestRange({ path, kind: 'export', start: 0, end: Infinity }).lines).toBe(1)
})
