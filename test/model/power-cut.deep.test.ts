import { expect, it } from 'vitest'
import { runModel } from './run-model.ts'

const sequences = 200_000

it(`finds nothing in ${sequences} sequences of faults and power cuts`, { timeout: 1_200_000 }, async () => {
  const seed = Date.now() % 1_000_000_000
  const halves = [seed, seed + 500_000_000].map((first) => runModel({ seed: first, sequences: sequences / 2 }))
  const results = await Promise.all(halves)
  const tried = results.reduce((sum, result) => sum + result.sequences, 0)
  const acknowledged = results.reduce((sum, result) => sum + result.acknowledged, 0)
  process.stdout.write(
    `tried: power-cut model: seeds from ${seed}, ${tried} sequences, ${acknowledged} acknowledgements\n`,
  )
  for (const { found } of results) expect(found).toEqual({})
  expect(tried).toBeGreaterThanOrEqual(sequences)
})
