import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { consumer, doors, runJson } from './consumer.ts'

/** Patches what a module could touch, then imports, then tells what was touched. Node's own reading of modules doesn't count. */
const watch = (door: string): string => `
const fs = require('node:fs')
const touched = []
const note = (owner, name, what) => {
  const real = owner[name]
  if (typeof real !== 'function') return
  owner[name] = function (...args) {
    const caller = new Error().stack.split('\\n')[2] ?? ''
    if (!/node:(internal|fs)/.test(caller)) touched.push(what + '.' + name)
    return new.target ? Reflect.construct(real, args, new.target) : real.apply(this, args)
  }
}
for (const name of Object.keys(fs)) if (/^[a-z]/.test(name)) note(fs, name, 'fs')
for (const name of Object.keys(fs.promises)) note(fs.promises, name, 'fs.promises')
for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'fetch']) note(globalThis, name, 'global')
for (const name of ['createServer', 'connect', 'createConnection']) note(require('node:net'), name, 'net')
for (const name of ['request', 'get', 'createServer']) note(require('node:http'), name, 'http')
note(require('node:worker_threads'), 'Worker', 'worker_threads')
note(require('node:child_process'), 'spawn', 'child_process')
require('node:module').syncBuiltinESMExports()
const listeners = () => Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]))
const globals = () => Object.getOwnPropertySymbols(globalThis).map(String).filter((name) => name.includes('opentelemetry'))
const before = { listeners: JSON.stringify(listeners()), env: JSON.stringify(process.env) }
const api = require('@opentelemetry/api')
const globalsBefore = globals()
require('${door}')
const active = process.getActiveResourcesInfo().filter((name) => !/TTY|Pipe|File/.test(name))
console.log(JSON.stringify({
  touched,
  active,
  listeners: JSON.stringify(listeners()) === before.listeners ? 'as before' : listeners(),
  env: JSON.stringify(process.env) === before.env ? 'as before' : 'changed',
  globals: globals().filter((name) => !globalsBefore.includes(name)),
  tracer: api.trace.getTracerProvider().getDelegate?.().constructor.name,
}))`

const files = (): string[] => readdirSync(consumer, { recursive: true, encoding: 'utf8' }).sort()

it.each(doors)('importing %s touches no file, timer, signal, socket, worker or OpenTelemetry global', (door) => {
  runJson('quiet.cjs', 'console.log(1)')
  const before = files()
  const found = runJson('quiet.cjs', watch(door)) as Record<string, unknown>
  expect(found).toMatchObject({ touched: [], active: [], listeners: 'as before', env: 'as before', globals: [] })
  expect(files()).toEqual(before)
})
