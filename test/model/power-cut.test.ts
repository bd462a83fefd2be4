import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { mutants } from './mutants.ts'
import { runModel, type ModelResult } from './run-model.ts'

const source = path.join(import.meta.dirname, '../../src')
/** A mutant that survives so many sequences survives. */
const mutantSequences = 60_000

const sequencesOfMutants: number[] = []

function mustCatch({ found, sequences }: ModelResult): void {
  expect(Object.keys(found)).not.toEqual([])
  sequencesOfMutants.push(sequences)
}

describe('the power-cut model', () => {
  afterAll(() => {
    process.stdout.write(
      `tried: power-cut model: ${sequencesOfMutants.length} of ${mutants.length + 1} mutants caught from seed 1, the last one ` +
        `after ${Math.max(0, ...sequencesOfMutants)} sequences\n`,
    )
  })

  it('finds nothing in the journal', { timeout: 120_000 }, async () => {
    const seed = Date.now() % 1_000_000_000
    const result = await runModel({ seed, sequences: 5_000 })
    const { sequences, acknowledged, found } = result
    process.stdout.write(
      `tried: power-cut model: seeds from ${seed}, ${sequences} sequences, ${acknowledged} acknowledgements\n`,
    )
    expect(found).toEqual({})
    expect(sequences).toBeGreaterThanOrEqual(5_000)
  })

  for (const { name, file, from, to } of mutants) {
    it(`catches the mutant: ${name}`, { timeout: 180_000 }, async () => {
      const copy = mkdtempSync(path.join(tmpdir(), 'otel-audit-mutant-'))
      onTestFinished(() => rmSync(copy, { recursive: true, force: true }))
      cpSync(path.join(source, 'journal'), path.join(copy, 'journal'), { recursive: true })
      cpSync(path.join(source, 'errors.ts'), path.join(copy, 'errors.ts'))
      const text = readFileSync(path.join(copy, file), 'utf8')
      expect(text.split(from), `${file} no longer holds what the mutant changes`).toHaveLength(2)
      writeFileSync(
        path.join(copy, file),
        text.replace(from, () => to),
      )
      const flags = ['--stop-at-first', '--source', copy]
      mustCatch(await runModel({ seed: 1, sequences: mutantSequences, flags }))
    })
  }

  it('catches the mutant: the cursor passes before the set-aside', { timeout: 180_000 }, async () => {
    const flags = ['--stop-at-first', '--cursor-first']
    mustCatch(await runModel({ seed: 1, sequences: mutantSequences, flags }))
  })
})
