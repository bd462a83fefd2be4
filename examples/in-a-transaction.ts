import { DatabaseSync } from 'node:sqlite'
import { readFileSync } from 'node:fs'
import { createAuditLogger } from 'otel-audit'
import { databaseProvider } from 'otel-audit/providers'

const db = new DatabaseSync(':memory:')
db.exec('CREATE TABLE stores (id INTEGER PRIMARY KEY, name TEXT)')
db.exec(readFileSync(new URL('../sql/sqlite.sql', import.meta.url), 'utf8'))

const audit = createAuditLogger({ providers: [databaseProvider({ dialect: 'sqlite' })] })
const event = { adminUserId: 42, action: 'create_store', targetType: 'store', targetId: 1, details: { name: 'Berlin' } }

// Way 1: after the commit. The journal keeps it, whatever happens to the database later.
db.exec("BEGIN; INSERT INTO stores (name) VALUES ('Berlin'); COMMIT")
console.log('after the commit:', await audit.logAction(event, { backends: ['journal'] }))

// Way 2: a row in the caller's own transaction, and only there. Commit keeps it, rollback takes it.
db.exec("BEGIN; INSERT INTO stores (name) VALUES ('Paris')")
console.log('inside:', await audit.logAction({ ...event, targetId: 2 }, { db, backends: ['database'] }))
db.exec('ROLLBACK')
console.log('rows after the rollback:', db.prepare('SELECT count(*) AS n FROM admin_audit_log').get()?.['n'])

await audit.shutdown()
