import { bootstrap, drawInstallationTag } from '../access/bootstrap.ts'
import { makeInstallationRepository } from '../access/installation.repository.ts'
import { makeConnectionsRepository } from '../connections/connections.repository.ts'
import { idSourceOf } from '../connections/id-spaces.ts'
import { renumberRestoredEvents } from '../events/restored.repository.ts'
import type { Database, PrismaClient } from '../infra/database.ts'
import { missingMigrations } from '../infra/migrations.ts'
import { providers } from '../providers/registry.ts'
import { kinds } from '../vocabulary/kinds.ts'
import type { WorkloadKinds } from '../workloads/kind.ts'
import { checkNames, examine, type Finding } from '../workloads/maintenance/doctor.repository.ts'
import { reopenAll } from '../workloads/maintenance/restore-recovery.repository.ts'

export { makeKeyFinder, makeKeyMaker } from '../access/key-maker.ts'
export { makeEndpointMoves } from '../connections/endpoint-moves.repository.ts'

/**
 * What the database itself has to know before anything runs on it: the installation's tag, and the first project with
 * its admin key where there is none. Safe in several processes at once.
 *
 * @throws when the database is not migrated
 */
export async function prepareInstallation(
  { prisma }: Database,
  bootstrapApiKey: string | undefined,
): Promise<{ tag: string }> {
  const projects = makeInstallationRepository(prisma)
  const tag = await projects.installationTag(drawInstallationTag())
  if (bootstrapApiKey !== undefined) await bootstrap(projects, bootstrapApiKey)
  return { tag }
}

/**
 * Whether the database is another one than before, restored or failed over; then every create that may have been lost is
 * looked for before anything is sent. Answers how many, or null where it is the same. A crash in between repeats it.
 */
export function makeReopenReplaced(prisma: PrismaClient, kinds: WorkloadKinds) {
  const installation = makeInstallationRepository(prisma)
  return async (): Promise<number | null> => {
    if (!(await installation.wasReplaced())) return null
    await renumberRestoredEvents(prisma)
    const count = await reopenAll(prisma, kinds)
    await installation.acceptDatabase()
    return count
  }
}

/** The reason why this database cannot serve requests; null if it can. */
export async function whyNotReady({ pool }: Pick<Database, 'pool'>): Promise<string | null> {
  try {
    if ((await missingMigrations(pool)).length > 0) return 'The database schema is out of date. Run `migrate`.'
    const { rows } = await pool.query<{ mode: string }>("SELECT current_setting('transaction_read_only') AS mode")
    return rows[0]?.mode === 'off'
      ? null
      : 'The database is read-only. Connect to the primary, with a user that can write.'
  } catch {
    return 'The database does not respond correctly.'
  }
}

/** What must always hold in the database, and where it does not. Reads alone. */
export async function examineDatabase({
  prisma,
}: Database): Promise<{ checks: readonly string[]; findings: readonly Finding[] }> {
  const providerById = (id: string) => providers.find((provider) => provider.id === id)
  const connections = await makeConnectionsRepository(prisma).all()
  const idSpaces = connections.flatMap(({ id: connectionId, provider, settings }) =>
    kinds.flatMap((kind) => {
      const source = idSourceOf(providerById(provider), settings, kind)
      return source === null ? [] : [{ connectionId, kind, ...source }]
    }),
  )
  return { checks: checkNames, findings: await examine(prisma, idSpaces) }
}
