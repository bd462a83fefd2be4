import { it } from 'vitest'
import { faultForms, injectAll } from './injected-errors.ts'

const matrix = { codes: ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS'], repeats: [1, 2, 3, 5], afters: [0, 1, 2, 5, 9] }

for (const form of faultForms) {
  it(
    `a failed ${form.step}, persisted or not, loses and forks nothing; reopened, everything is delivered`,
    { timeout: 300_000 },
    async () => {
      await injectAll(form, matrix)
    },
  )
}
