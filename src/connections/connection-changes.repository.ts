import { type AuditedAction, auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import { isUniqueViolation } from '../infra/database-errors.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Connection } from './connection.ts'
import { connectionColumns } from './connections.repository.ts'
import type { NetworkView } from './network.ts'
import { pauseReasons } from './pause.ts'
import type { SettingsChange } from './revise-settings.ts'

/** The changed fields; null = unchanged. */
export interface ConnectionChange {
  projectId: string
  by: Actor
  id: string
  ifVersions: readonly number[] | null
  name: string | null
  held: boolean | null
  settings: SettingsChange | null
  sealedCredentials: string | null
  network: { view: NetworkView; sealed: string; changed: readonly string[] } | null
}

/** Whether a network that is written differs from the stored one. */
export function hasChange(network: ConnectionChange['network']): boolean {
  return network !== null && network.changed.length > 0
}

export interface Verified {
  id: string
  version: number
  by: Actor
  discovered: JsonObject | null
}

export type ConnectionChangesRepository = ReturnType<typeof makeConnectionChangesRepository>

export function makeConnectionChangesRepository(prisma: PrismaClient) {
  return {
    /**
     * Changes a connection; processes that have it open reopen it. New credentials and a changed network end a pause
     * caused by the old ones. Returns null if it was deleted or is at another version.
     */
    async apply(written: ConnectionChange): Promise<Connection | 'name_taken' | null> {
      const { projectId, by, id, ifVersions, name, held, ...change } = written
      const settings = change.settings === null ? null : JSON.stringify(change.settings.settings)
      const sealed = change.sealedCredentials
      const network = change.network === null ? null : JSON.stringify(change.network.view)
      const sealedNetwork = change.network?.sealed ?? null
      const endsPause = sealed !== null || hasChange(change.network)
      const audited: AuditedAction = { action: 'connection.updated', data: auditDataOf(written) }
      const rows = await prisma.$queryRaw<Connection[]>`
        WITH c AS (
        UPDATE connections c SET name = COALESCE(${name}::text, c.name), held = COALESCE(${held}::boolean, c.held),
          settings = COALESCE(${settings}::jsonb, c.settings), discovered = CASE WHEN ${settings}::jsonb IS NULL THEN c.discovered END, sealed_credentials = COALESCE(${sealed}::text, c.sealed_credentials),
          network = COALESCE(${network}::jsonb, c.network), sealed_network = COALESCE(${sealedNetwork}::text, c.sealed_network),
          not_before = CASE WHEN ${endsPause}::boolean THEN NULL ELSE c.not_before END,
          failures = CASE WHEN ${endsPause}::boolean THEN 0 ELSE c.failures END,
          version = c.version + 1, updated_at = now()
        WHERE c.id = ${id} AND c.project_id = ${projectId} AND c.deleted_at IS NULL AND (${ifVersions}::int[] IS NULL OR c.version = ANY(${ifVersions}::int[]))
        RETURNING c.*
        ), audited AS (${auditStatement(by, audited, Prisma.sql`c`)})
        SELECT ${connectionColumns} FROM c`.catch((error: unknown) => {
        if (isUniqueViolation(error, 'connections_live_name')) return 'name_taken' as const
        throw error
      })
      return rows === 'name_taken' ? rows : (rows[0] ?? null)
    },

    /**
     * Records that the provider accepted the credentials of this version, with what it discovered, and ends any pause. A
     * new discovery is a change of the connection, so that processes which have it open reopen it.
     */
    async verified({ id, version, by, discovered }: Verified): Promise<void> {
      const found = discovered === null ? null : JSON.stringify(discovered)
      await prisma.$executeRaw`
        WITH c AS (
          UPDATE connections SET verified_at = now(), not_before = NULL, pause_reason = NULL, failures = 0,
            discovered = ${found}::jsonb,
            version = version + CASE WHEN discovered IS DISTINCT FROM ${found}::jsonb THEN 1 ELSE 0 END,
            updated_at = CASE WHEN discovered IS DISTINCT FROM ${found}::jsonb THEN now() ELSE updated_at END
          WHERE id = ${id} AND version = ${version} AND deleted_at IS NULL RETURNING id, project_id
        )
        ${auditStatement(by, { action: 'connection.verified' }, Prisma.sql`c`)}`
    },

    /**
     * Makes workloads that wait for the end of a hold or pause due immediately, and scans of the connection's lists as
     * well. Includes workloads in a reconcile pass, which may be about to record the wait based on stale data. Rows are
     * locked in id order, as in the engine's writes.
     */
    async wakeWaiting(connectionId: string): Promise<void> {
      await prisma.$executeRaw`
        WITH walks AS (
          UPDATE sweeps SET due_at = LEAST(due_at, now()) WHERE connection_id = ${connectionId} AND due_at IS NOT NULL
        )
        UPDATE workloads SET due_at = now() WHERE id IN (
          SELECT id FROM workloads WHERE connection_id = ${connectionId} AND active
            AND (lease_id IS NOT NULL OR status_reason = ANY(${['held', ...pauseReasons]}))
          ORDER BY id FOR UPDATE)`
    },
  }
}

/**
 * The given parts, the changed settings, and the hosts that receive credentials if those changed. Values are not
 * written to the audit log.
 */
function auditDataOf({ name, held, settings, sealedCredentials, network }: ConnectionChange): object {
  const given = { name, held, settings, credentials: sealedCredentials, network }
  return {
    fields: Object.entries(given).flatMap(([field, value]) => (value === null ? [] : [field])),
    ...(settings === null ? {} : { settings: settings.changed }),
    ...(network === null ? {} : { network: network.changed }),
    ...(settings?.hosts ? { hosts: settings.hosts } : {}),
  }
}
