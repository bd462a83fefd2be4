import { DatabaseSync } from 'node:sqlite'

/** The service's own data: SQLite in memory unless a file is named. */
export function openDatabase(path = ':memory:'): DatabaseSync {
  const db = new DatabaseSync(path)
  db.exec(`
    CREATE TABLE IF NOT EXISTS stores (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, currency TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'open');
    CREATE TABLE IF NOT EXISTS users (
      id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1);
    CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    INSERT OR IGNORE INTO users (id, email, role) VALUES
      ('alice', 'alice@example.com', 'owner'),
      ('mara', 'mara@example.com', 'manager'),
      ('sam', 'sam@example.com', 'support');
  `)
  return db
}
