/**
 * Who may import whom. The table is the one of ARCHITECTURE.md ("Who may import whom"): change both together, and say why.
 * A room may always import its own files and `errors.ts`; an entry that ends in `/` is a whole room.
 */
const doors = ['index.ts', 'providers/index.ts', 'integrity/index.ts', 'testing/index.ts']

const rooms = {
  event: [],
  context: [],
  otlp: ['event/audit-event.ts', 'integrity/sealed-record.ts'],
  integrity: ['event/audit-event.ts', 'otlp/'],
  journal: [],
  telemetry: [],
  config: ['aggregator/', 'delivery/collector-settings.ts', 'telemetry/'],
  aggregator: ['event/', 'context/', 'telemetry/'],
  delivery: ['journal/', 'otlp/', 'telemetry/'],
  providers: [
    'event/',
    'integrity/',
    'otlp/',
    'journal/',
    'delivery/',
    'telemetry/',
    'aggregator/audit-provider.ts',
    'aggregator/confirmation.ts',
    'journal-provider.ts',
  ],
  testing: [
    ...doors,
    'create-audit-logger.ts',
    'config.ts',
    'event/',
    'aggregator/',
    'journal/',
    'providers/journal-platform.ts',
  ],
  cli: [
    ...doors,
    'config.ts',
    'config/effective-settings.ts',
    'journal/',
    'delivery/',
    'otlp/',
    'context/correlation.ts',
  ],
}

/** Files that may touch the machine, and why. Everything else is given what it needs. */
const machine = {
  fs: [
    'journal/file-system.ts',
    'config/collector-certificates.ts', // certificates, at start
    'cli/', // the files that its user names
    'testing/fault-file-system.ts', // damages what was written
  ],
  'https?|tls|dns': ['delivery/', 'testing/', 'cli/doctor/'],
  net: ['delivery/', 'testing/', 'cli/doctor/', 'event/source-address.ts'], // the last for isIP alone
  worker_threads: ['journal/', 'cli/verify/digest-pool.ts', 'cli/verify/digest-worker.ts'],
  child_process: ['cli/torture/'], // the services that it kills
  'cluster|dgram|inspector': [],
}

const escape = (path) => path.replaceAll('.', '\\.')
const files = (paths) => paths.map((path) => `^src/${escape(path)}${path.endsWith('/') ? '' : '$'}`)

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports-only-${allowed.length ? 'its-row' : 'errors'}`,
  comment: `src/${room} may import errors.ts${allowed.map((path) => `, ${path}`).join('')} and nothing else of src.`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: [`^src/${room}/`, '^src/errors\\.ts$', ...files(allowed)] },
}))

const machineRules = Object.entries(machine).map(([modules, allowed]) => ({
  name: `node-${modules.replaceAll(/[^a-z_]+/g, '-')}`,
  comment: `node:${modules} is used in ${allowed.join(', ') || 'no file'} only.`,
  severity: 'error',
  from: { path: '^src/', pathNot: files(allowed) },
  to: { dependencyTypes: ['core'], path: `^(node:)?(${modules})(/|$)` },
}))

module.exports = {
  forbidden: [
    ...roomRules,
    ...machineRules,
    {
      name: 'no-circular',
      comment: 'A value may be a map of values: that grammar is one recursion in two files. No other circle.',
      severity: 'error',
      from: { pathNot: '^src/integrity/(encode-value|keyed-text)\\.ts$' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nothing-imports-the-composition-root',
      comment:
        'create-audit-logger.ts wires the rooms together; only the front door, the façade, cli and testing may import it.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(index|facade)\\.ts$', '^src/(cli|testing)/'] },
      to: { path: '^src/create-audit-logger\\.ts$' },
    },
    {
      name: 'integrity-and-otlp-are-pure',
      comment: 'No clock, no I/O, no OpenTelemetry types: the CLI, the tests and any receiver share these rooms.',
      severity: 'error',
      from: { path: '^src/(integrity|otlp)/' },
      to: { path: ['^node_modules/', '^@opentelemetry/'] },
    },
    {
      name: 'the-journal-knows-only-bytes-and-numbers',
      severity: 'error',
      from: { path: '^src/journal/' },
      to: { path: ['^node_modules/', '^@opentelemetry/'] },
    },
    {
      name: 'no-development-dependency',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer', 'npm', 'npm-optional', 'type-only'] },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      comment: 'A file of src that nothing imports and that is no door.',
      severity: 'error',
      from: { orphan: true, path: '^src/' },
      to: {},
    },
    {
      name: 'not-from-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|examples|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
    exoticRequireStrings: [],
  },
}
