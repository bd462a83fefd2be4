import { it } from 'vitest'
import { faultForms, injectAll } from './injected-errors.ts'

const matrix = { codes: ['EIO', 'ENOSPC'], repeats: [1, 2], afters: [0] }

for (const form of faultForms) {
  it(`a failed ${form.step}, persisted or not, loses and forks nothing; reopened, everything is delivered`, async () => {
    await injectAll(form, matrix)
  })
}
