import { once } from 'node:events'
import { connect } from 'node:net'
import { Client } from 'pg'

/**
 * Records all further commands of a Redis. Reads the socket: client libraries fail if MONITOR prints a command before
 * its own confirmation.
 */
export async function watchRedis(url: string): Promise<{ text(): string; stop(): Promise<void> }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  await once(socket, 'connect')
  socket.write('MONITOR\r\n')
  while (!text.startsWith('+OK')) await once(socket, 'data')
  return {
    text: () => text,
    async stop() {
      socket.destroy()
    },
  }
}

/** All rows by table, including those of the queue and encrypted columns. */
export async function dumpDatabase(url: string): Promise<Map<string, string>> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    )
    const dump = new Map<string, string>()
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)
      dump.set(name, rows.map(({ row }) => row).join('\n'))
    }
    // Postgres keeps the text of running and last statements.
    const { rows } = await client.query<{ query: string }>(
      'SELECT query FROM pg_stat_activity WHERE datname = current_database()',
    )
    return dump.set('pg_stat_activity', rows.map(({ query }) => query).join('\n'))
  } finally {
    await client.end()
  }
}
