#!/usr/bin/env node
// Builds a real OpenTelemetry Collector from deploy/collector/build into .cache/collector/otelcol-audit.
//   node scripts/build-collector.mjs [--force]
// Needs Go 1.26 or newer and a way to Go modules; nothing from npm. A second call finds the binary up to date and ends at once.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sources = join(root, 'deploy', 'collector', 'build')
const output = join(root, '.cache', 'collector')
const binary = join(output, process.platform === 'win32' ? 'otelcol-audit.exe' : 'otelcol-audit')
const stamp = join(output, 'built-from.sha256')
const lock = join(output, 'building.pid')

const NEED_GO = `Building the Collector needs Go 1.26 or newer, and no usable "go" was found on the PATH.
  Install it:  your system's package manager, or https://go.dev/doc/install
  Without it:  everything but the tests and the demo against a real Collector works. Any Collector of the 0.162 line (such as
               the official contrib image, see docker-compose.yml) runs collector-config.yaml as well.`

/** What the binary depends on: every source file, the platform. */
function sourceHash() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const name of readdirSync(sources)
    .filter((file) => /\.go$|^go\.(mod|sum)$/.test(file))
    .sort()) {
    hash.update(`${name}\n`).update(readFileSync(join(sources, name)))
  }
  return hash.digest('hex')
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

/** One build at a time, for test workers that all find it missing. A lock whose holder is dead is taken over. */
function takeTurn() {
  mkdirSync(output, { recursive: true })
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      process.on('exit', () => rmSync(lock, { force: true }))
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!isAlive(lockHolder())) rmSync(lock, { force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250)
  }
}

function lockHolder() {
  try {
    return Number(readFileSync(lock, 'utf8'))
  } catch {
    return 0
  }
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function endIfUpToDate() {
  const built = existsSync(binary) && existsSync(stamp) ? readFileSync(stamp, 'utf8').trim() : ''
  if (built !== wanted || process.argv.includes('--force')) return
  console.log(`The Collector is up to date: ${binary}`)
  process.exit(0)
}

const wanted = sourceHash()
endIfUpToDate()

const version = spawnSync('go', ['version'], { encoding: 'utf8', cwd: root })
if (version.error || version.status !== 0) fail(NEED_GO)
const found = /go(\d+)\.(\d+)/.exec(version.stdout)
const old = found && (Number(found[1]) < 1 || (Number(found[1]) === 1 && Number(found[2]) < 26))
if (old && process.env.GOTOOLCHAIN === 'local') fail(`${NEED_GO}\n  Found: ${version.stdout.trim()}`)

takeTurn()
endIfUpToDate()
const fresh = join(output, `otelcol-audit.${process.pid}.tmp`)
console.log('Building the Collector from its Go modules: one to three minutes the first time …')
const began = Date.now()
const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', fresh, '.']
const build = spawnSync('go', args, {
  cwd: sources,
  env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
  stdio: ['ignore', 'inherit', 'inherit'],
})
if (build.error || build.status !== 0) {
  rmSync(fresh, { force: true })
  fail(`The Collector could not be built (go build ended with ${build.error?.message ?? `status ${build.status}`}).
  ${version.stdout.trim()}; sources: ${sources}
  If modules could not be downloaded, check the network and "go env GOPROXY".`)
}
renameSync(fresh, binary)
writeFileSync(stamp, `${wanted}\n`)
const megabytes = (statSync(binary).size / 1e6).toFixed(0)
console.log(`Built in ${((Date.now() - began) / 1000).toFixed(0)} s: ${binary} (${megabytes} MB)`)
