// Runs an example inside this repository without a build: `otel-audit` is then the source in ../src.
//   node --import ./examples/from-source.mjs examples/quick-start.ts
// In a project of yours `otel-audit` is installed, and the examples run as they are.
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, next) {
    const [name, ...subpath] = specifier.split('/')
    if (name !== 'otel-audit') return next(specifier, context)
    return next(new URL(['../src', ...subpath, 'index.ts'].join('/'), import.meta.url).href, context)
  },
})
