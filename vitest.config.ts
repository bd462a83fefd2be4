import { defineConfig } from 'vitest/config'

const everywhere = ['**/node_modules/**', '**/dist/**']
const inRealProcesses = { testTimeout: 120_000, hookTimeout: 300_000 }

/** `fast` is `npm test`; the others build or start real things first (see CONTRIBUTING.md). */
export default defineConfig({
  // The package's own name is its source, as in tsconfig.json.
  resolve: {
    alias: [
      { find: /^otel-audit$/, replacement: `${import.meta.dirname}/src/index.ts` },
      { find: /^otel-audit\/([a-z]+)$/, replacement: `${import.meta.dirname}/src/$1/index.ts` },
    ],
  },
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
      {
        extends: true,
        test: {
          name: 'package',
          include: ['test/package/built/**/*.test.ts'],
          globalSetup: ['test/package/built/installed-package.ts'],
          ...inRealProcesses,
        },
      },
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...inRealProcesses } },
      { extends: true, test: { name: 'deep', include: ['test/**/*.deep.test.ts'], ...inRealProcesses } },
    ],
  },
})
