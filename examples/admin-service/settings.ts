import type { DatabaseSync } from 'node:sqlite'

export class Settings {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  get(key: string): unknown {
    const row = this.#db.prepare('SELECT value FROM settings WHERE key = ?').get(key)
    return row === undefined ? null : JSON.parse(String(row['value']))
  }

  /** Stores the value and returns the one before. */
  update(key: string, value: unknown): unknown {
    const before = this.get(key)
    this.#db
      .prepare('INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
      .run(key, JSON.stringify(value))
    return before
  }
}
