import { Pool } from 'pg'
import { Webhook } from 'standardwebhooks'
import { Agent } from 'undici'

// Baseline sender: reads pending deliveries once, posts them, signed, and records the outcomes. No leases, no handling
// of failing endpoints.

process.once('disconnect', () => process.exit(0))
const { DATABASE_URL, CONCURRENCY } = process.env
const pool = new Pool({ connectionString: DATABASE_URL, max: 16 })
const agents = new Map<string, Agent>()

interface Row {
  id: string
  url: string
  secret: string
  payload: object
}

async function deliver({ id, url, secret, payload }: Row): Promise<void> {
  const { origin, pathname: path } = new URL(url)
  const agent = agents.get(origin) ?? new Agent()
  agents.set(origin, agent)
  const [at, body] = [new Date(), JSON.stringify(payload)]
  const signed = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  }
  const response = await agent.request({ origin, path, method: 'POST', headers: signed, body })
  await response.body.dump()
  await pool.query({
    name: 'delivered',
    text: `UPDATE bare_deliveries SET status = 'delivered', http_status = $2, settled_at = now() WHERE id = $1`,
    values: [id, response.statusCode],
  })
}

const { rows } = await pool.query<Row>(
  `SELECT id, url, secret, payload FROM bare_deliveries WHERE status = 'pending' ORDER BY id`,
)
async function work(): Promise<void> {
  for (let row = rows.pop(); row !== undefined; row = rows.pop()) await deliver(row)
}
process.send?.({})
await Promise.all(Array.from({ length: Number(CONCURRENCY) }, work))
