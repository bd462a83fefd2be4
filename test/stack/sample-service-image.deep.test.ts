import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { recordsOfJournal } from '../e2e/audit-records.ts'
import { freePorts } from '../e2e/collector-process.ts'
import { readDockerfile } from './dockerfile.ts'
import { until } from '../e2e/until.ts'

const root = join(import.meta.dirname, '..', '..')
const dockerfile = join(root, 'deploy/sample-service/Dockerfile')

/** The nearest thing to a container without an engine: the image's steps, in its order, from what a clone holds. */
describe('the image of the sample service', () => {
  const image = readDockerfile(dockerfile)
  const dir = mkdtempSync(join(tmpdir(), 'audit-image-'))
  const clone = join(dir, 'clone')
  const app = join(dir, 'app')
  const state = join(dir, 'state')
  /** Paths of the image as they are here; files belong to whoever runs the test. */
  const here = (text: string) => text.replaceAll('/var/lib/admin-service', state).replaceAll('-o node -g node ', '')
  const path = `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`
  const sh = (command: string, cwd: string) => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, PATH: path, NODE_ENV: undefined },
    })
    if (status !== 0) throw new Error(`${command}: ${String(status)}\n${stdout}${stderr}`)
  }
  let service: ChildProcess | undefined

  beforeAll(() => {
    sh(`git clone --quiet --no-hardlinks '${root}' '${clone}'`, dir)
    mkdirSync(app)
    const sent = readFileSync(`${dockerfile}.dockerignore`, 'utf8').match(/(?<=^!).+$/gm) ?? []
    for (const step of image.steps) {
      if (step.kind === 'run') {
        sh(here(step.command), app)
        continue
      }
      for (const from of step.from) {
        expect(sent, 'the build context').toContain(from)
        const to = step.to.endsWith('/') ? join(step.to, from) : step.to
        cpSync(join(clone, from), join(app, to), { recursive: true })
      }
    }
  })
  afterAll(() => {
    service?.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })

  it('serves requests, is healthy as docker-compose.yml asks, records, and stops in order at SIGTERM', async () => {
    const [port = 0] = await freePorts(1)
    const env = Object.fromEntries(
      Object.entries(image.env).map(([name, value]): [string, string] => [name, here(value)]),
    )
    const [command = '', ...args] = image.command
    service = spawn(command, args, {
      cwd: app,
      env: {
        ...env,
        PATH: path,
        PORT: String(port),
        OTEL_TRACES_EXPORTER: 'none',
        AUDIT_COLLECTOR: 'none',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const started = service
    const exited = once(started, 'exit')
    await until(
      () => healthCheck(port) === 0,
      () => `the service ended with ${String(started.exitCode)}`,
    )
    const answer = await fetch(`http://127.0.0.1:${String(port)}/stores`, {
      method: 'POST',
      headers: { 'x-admin-user': 'alice', 'x-request-id': 'req-1', 'content-type': 'application/json' },
      body: '{"name":"Berlin","currency":"EUR"}',
    })
    expect(answer.status).toBe(201)
    started.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(recordsOfJournal(join(state, 'journal')).map(({ eventName }) => eventName)).toEqual([
      'audit.pipeline.start',
      'admin.store.create',
      'audit.pipeline.stop',
    ])
    expect(existsSync(join(state, 'admin.sqlite'))).toBe(true)
  })

  /** The health check of docker-compose.yml, run as it stands there but for the port. */
  function healthCheck(port: number): number | null {
    const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as Compose
    const [, program = '', ...args] = compose.services['admin-service'].healthcheck.test
    const asked = args.map((arg) => arg.replace(':3000/', `:${String(port)}/`))
    return spawnSync(program, asked, { env: { PATH: path } }).status
  }
})

interface Compose {
  readonly services: { readonly 'admin-service': { readonly healthcheck: { readonly test: readonly string[] } } }
}
