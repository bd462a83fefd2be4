#!/usr/bin/env node
// npm run demo [-- --collector] [-- --keep]
// Runs under any Node >= 20: installs what is missing, then goes on under the pinned Node.
import { spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const scripts = dirname(fileURLToPath(import.meta.url))
const root = dirname(scripts)

const setup = spawnSync(process.execPath, [join(scripts, 'setup.mjs')], { stdio: 'inherit' })
if (setup.status !== 0) process.exit(setup.status ?? 1)

const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const demo = spawn(node, [join(scripts, 'demo', 'run.ts'), ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
// Ctrl-C reaches the demo by itself, through the terminal; it decides what that means.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => demo.kill('SIGTERM'))
demo.on('exit', (code) => process.exit(code ?? 1))
