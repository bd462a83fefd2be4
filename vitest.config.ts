import { defineConfig } from 'vitest/config'

const everywhere = ['**/node_modules/**', '**/dist/**']
const inRealProcesses = { testTimeout: 120_000, hookTimeout: 300_000 }

/** `fast` is `npm test`; the others build or start real things first (see CONTRIBUTING.md). */
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: [...everywhere, 'test/e2e/**', 'test/package/built/**', 'test/**/*.deep.test.ts'],
        },
      },
      { extends: true, test: { name: 'package', include: ['test/package/built/**/*.test.ts'], ...inRealProcesses } },
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...inRealProcesses } },
      { extends: true, test: { name: 'deep', include: ['test/**/*.deep.test.ts'], ...inRealProcesses } },
    ],
  },
})
