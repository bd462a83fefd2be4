import { it } from 'vitest'
import { flipBits } from './flipped-bytes.ts'

it('thousands of flipped bits are found by verify, each at its line', { timeout: 300_000 }, async () => {
  await flipBits(3_000, 50)
})
