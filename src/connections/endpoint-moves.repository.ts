import { type AuditedAction, auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import { makeConnectionChangesRepository } from './connection-changes.repository.ts'

/** A provider that moved to another origin of this machine with all its objects. */
export interface EndpointMove {
  provider: string
  /** Name of the connections that lead to it, in any project. */
  name: string
  /** The new URL. */
  url: string
}

const localOrigin = /(?<=")http:\/\/127\.0\.0\.1:\d+/g

/**
 * Updates the connections of a provider that has moved: those with its name, and all others with the same former
 * origin. A PATCH rejects this, because usually another origin has other objects.
 */
export function makeEndpointMoves(prisma: PrismaClient, by: Actor) {
  const { wakeWaiting } = makeConnectionChangesRepository(prisma)

  return async ({ provider, name, url }: EndpointMove): Promise<void> => {
    const { origin } = new URL(url)
    const rows = await prisma.$queryRaw<{ id: string; name: string; settings: JsonObject }[]>`
      SELECT id, name, settings FROM connections WHERE provider = ${provider} AND deleted_at IS NULL`
    const read = rows.map(({ settings, ...row }) => ({ ...row, settings: JSON.stringify(settings) }))
    const former = new Set(read.flatMap((row) => (row.name === name ? originsIn(row.settings) : [])))
    former.delete(origin)
    const moved = read.filter(({ settings }) => originsIn(settings).some((found) => former.has(found)))
    if (moved.length === 0) return
    const follow = (found: string) => (former.has(found) ? origin : found)
    await prisma.$transaction([
      ...moved.map(({ id, settings }) =>
        prisma.$executeRaw(writing(by, { id, settings: settings.replace(localOrigin, follow) })),
      ),
      ...[...former].map((from) =>
        prisma.$executeRaw(renaming(importsAt(provider, from), importsAt(provider, origin))),
      ),
    ])
    for (const { id } of moved) await wakeWaiting(id)
  }
}

function originsIn(settings: string): readonly string[] {
  return settings.match(localOrigin) ?? []
}

/** Ends a pause, which applied to the former origin. */
function writing(by: Actor, { id, settings }: { id: string; settings: string }): Prisma.Sql {
  const audited: AuditedAction = { action: 'connection.updated', data: { fields: ['settings'] } }
  return Prisma.sql`
    WITH c AS (
      UPDATE connections SET settings = ${settings}::jsonb, version = version + 1, updated_at = now(),
        not_before = NULL, pause_reason = NULL, failures = 0
      WHERE id = ${id} RETURNING id, project_id
    )
    ${auditStatement(by, audited, Prisma.sql`c`)}`
}

/** Prefix of the exclusivity keys of imports from an address; see `idSourceOf`. */
function importsAt(provider: string, origin: string): string {
  return `import/${provider}/${new URL(origin).host}/`
}

/** Imported objects are identified by address, so their keys are renamed to keep one record per object. */
function renaming(from: string, to: string): Prisma.Sql {
  return Prisma.sql`
    UPDATE workloads SET exclusivity_key = ${to}::text || substr(exclusivity_key, ${from.length + 1}::int)
    WHERE starts_with(exclusivity_key, ${from}::text)`
}
