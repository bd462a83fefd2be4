import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mutants } from './mutants.ts'
import { runModel } from './run-model.ts'

const source = path.join(import.meta.dirname, '../../src')
/** A mutant that survives so many sequences survives. */
const mutantSequences = 30_000

describe('the power-cut model', () => {
  it('finds nothing in the journal', { timeout: 120_000 }, async () => {
    const seed = Date.now() % 1_000_000_000
    const result = await runModel({ seed, sequences: 5_000 })
    const { sequences, acknowledged, found } = result
    process.stdout.write(
      `power-cut model: seeds from ${seed}, ${sequences} sequences, ${acknowledged} acknowledgements\n`,
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
      const { found } = await runModel({ seed: 1, sequences: mutantSequences, flags })
      expect(Object.keys(found)).not.toEqual([])
    })
  }

  it('catches the mutant: the cursor passes before the set-aside', { timeout: 180_000 }, async () => {
    const flags = ['--stop-at-first', '--cursor-first']
    const { found } = await runModel({ seed: 1, sequences: mutantSequences, flags })
    expect(Object.keys(found)).not.toEqual([])
  })
})
