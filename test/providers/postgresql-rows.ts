import type pg from 'pg'

export async function rowsOf(client: pg.Client, table = 'admin_audit_log'): Promise<Record<string, unknown>[]> {
  return (await client.query<Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY 1`)).rows
}

export async function businessIds(client: pg.Client): Promise<number[]> {
  return (await client.query<{ id: number }>('SELECT id FROM business ORDER BY id')).rows.map(({ id }) => id)
}
