import type { Prisma } from '../../infra/database.ts'
import type { Kind } from '../../vocabulary/kinds.ts'

/** The record that holds a remote object. */
export interface Holder {
  id: string
  projectId: string
}

export interface RemoteObject {
  kind: Kind
  remoteId: string
  /** The object's correlation tag, if shown. */
  correlationTag: string | null
  /** Connections that see the object. */
  connectionIds: readonly string[]
}

/**
 * Locks the object until the transaction ends, so that assignments do not overlap, and returns its holder: an active
 * workload of any project that holds it over one of the connections, is about to adopt it from the response to its
 * create, or has its correlation tag and no id yet. Tags are unique among both kinds. Locks of rows are taken after this
 * one.
 */
export async function lockedHolder(
  tx: Prisma.TransactionClient,
  { kind, remoteId, correlationTag, connectionIds }: RemoteObject,
  exceptId: string,
): Promise<Holder | undefined> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`object/${kind}/${remoteId}`}, 0))`
  const [holder] = await tx.$queryRaw<Holder[]>`
    SELECT id, project_id AS "projectId" FROM workloads w
    WHERE active AND id <> ${exceptId}
      AND (kind = ${kind} AND connection_id = ANY(${[...connectionIds]}) AND (remote_id = ${remoteId} OR remote_id IS NULL AND EXISTS (
          SELECT FROM workload_attempts a
          WHERE a.workload_id = w.id AND a.remote_id = ${remoteId} AND a.outcome IN ('created', 'recovered')))
        OR correlation_tag = ${correlationTag} AND COALESCE(remote_id, ${remoteId}) = ${remoteId})
    LIMIT 1`
  return holder
}

/** A record of another project is not named. */
export function nameOf(holder: Holder, projectId: string): string {
  return holder.projectId === projectId ? holder.id : "another project's"
}
