import type { DatabaseSync } from 'node:sqlite'
import { conflict, invalid, notFound } from './domain-error.ts'

export interface Store {
  readonly id: number
  readonly name: string
  readonly currency: string
  readonly status: 'open' | 'closed'
}

export class Stores {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  list(): Store[] {
    return this.#db.prepare('SELECT * FROM stores ORDER BY id').all().map(toStore)
  }

  get(id: number): Store {
    const row = this.#db.prepare('SELECT * FROM stores WHERE id = ?').get(id)
    if (row === undefined) throw notFound(`store ${id}`)
    return toStore(row)
  }

  create(name: string, currency: string): Store {
    if (!/^[A-Z]{3}$/.test(currency)) throw invalid(`"${currency}" is not an ISO 4217 currency code`)
    if (this.#db.prepare('SELECT 1 FROM stores WHERE name = ?').get(name)) throw conflict(`store "${name}" exists`)
    const { lastInsertRowid } = this.#db
      .prepare('INSERT INTO stores (name, currency) VALUES (?, ?)')
      .run(name, currency)
    return this.get(Number(lastInsertRowid))
  }

  close(id: number): Store {
    if (this.get(id).status === 'closed') throw conflict(`store ${id} is closed already`)
    this.#db.prepare(`UPDATE stores SET status = 'closed' WHERE id = ?`).run(id)
    return this.get(id)
  }
}

function toStore({ id, name, currency, status }: Record<string, unknown>): Store {
  return {
    id: Number(id),
    name: String(name),
    currency: String(currency),
    status: status === 'open' ? 'open' : 'closed',
  }
}
