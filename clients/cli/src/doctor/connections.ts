import type { Switchyard } from '@switchyard/client'
import { type Finding, findings } from './finding.ts'

type Connections = Switchyard['connections']
type Connection = Awaited<ReturnType<Connections['get']>>

/** Connections that are checked together: each sends requests to its provider. */
const concurrency = 4

/** Checks each connection; with `verify`, also by requests to its provider. */
export async function examineConnections(
  { connections }: Pick<Switchyard, 'connections'>,
  { verify }: { verify: boolean },
): Promise<Finding[]> {
  const found: Connection[] = []
  const listed = await findings('connections', async () => {
    for await (const connection of connections.list()) found.push(connection)
    return found.flatMap(stateOf)
  })
  if (!verify) return listed
  const results: Finding[] = []
  for (let start = 0; start < found.length; start += concurrency) {
    const group = found.slice(start, start + concurrency)
    results.push(...(await Promise.all(group.map((connection) => examineAtProvider(connections, connection)))).flat())
  }
  return [...listed, ...results]
}

function stateOf({ id, name, held, pausedUntil, pauseReason }: Connection) {
  const paused = pausedUntil === undefined ? undefined : `paused until ${pausedUntil}: ${pauseReason ?? 'errors'}`
  const state = held ? 'on hold' : paused
  return state === undefined ? [] : [{ result: 'warning' as const, object: id, detail: `${name} is ${state}` }]
}

/** A connection on hold sends nothing. */
async function examineAtProvider(connections: Connections, { id, name, held }: Connection): Promise<Finding[]> {
  if (held) return []
  const credentials = await findings('credentials', async () => {
    const { ok, message, field } = await connections.verify(id)
    const detail = [name, field, message].filter((part) => part !== undefined).join(': ')
    return ok ? [] : [{ result: 'failed', object: id, detail }]
  })
  const orphans = await findings('orphaned remote objects', async () => {
    const report = await connections.orphans(id)
    const incomplete = report.isComplete
      ? []
      : [{ result: 'warning' as const, object: id, detail: `${name}: incomplete scan` }]
    return [
      ...report.orphans.map(({ kind, remoteId, state }) => {
        const detail = `${name}: ${kind} ${remoteId} is ${state} and has no record`
        return { result: 'warning' as const, object: id, detail }
      }),
      ...incomplete,
    ]
  })
  return [...credentials, ...orphans].map((finding) => ({ object: id, ...finding }))
}
