import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Inside this repository `otel-audit` is its source; a project that has it installed needs no such file. */
const source = (name: string) => fileURLToPath(new URL(`../src/${name}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^otel-audit$/, replacement: source('index.ts') },
      { find: /^otel-audit\/(\w+)$/, replacement: source('$1/index.ts') },
    ],
  },
})
