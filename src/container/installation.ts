import { bootstrap, generateInstallationTag } from '../access/bootstrap.ts'
import { makeInstallationRepository } from '../access/installation.repository.ts'
import { makeConnectionsRepository } from '../connections/connections.repository.ts'
import { idSourceOf } from '../connections/id-spaces.ts'
import { renumberRestoredEvents } from '../events/restored.repository.ts'
import type { Database, PrismaClient } from '../infra/database.ts'
import { missingMigrations } from '../infra/migrations.ts'
import { providers } from '../providers/registry.ts'
import { type Rotated, rotateSecrets } from '../secrets/rotate-secrets.ts'
import { makeSealedRowsRepository } from '../secrets/sealed-rows.repository.ts'
import { makeSecretBox } from '../secrets/secret-box.ts'
import type { Actor } from '../vocabulary/actor.ts'
import { kinds } from '../vocabulary/kinds.ts'
import type { WorkloadKinds } from '../workloads/kind.ts'
import { type CreationHold, makeCreationHoldsRepository } from '../workloads/maintenance/creation-holds.repository.ts'
import { checkNames, examine, type Finding } from '../workloads/maintenance/doctor.repository.ts'
import { applyFixes, type Fix, plannedFixes } from '../workloads/maintenance/doctor-fixes.repository.ts'
import { reopenAll } from '../workloads/maintenance/restore-recovery.repository.ts'

export { makeKeyFinder, makeKeyMaker } from '../access/key-maker.ts'
export { makeEndpointMoves } from '../connections/endpoint-moves.repository.ts'

/**
 * Prepares the database before anything runs on it: the installation's tag, and the first project with its admin key if
 * there is none. Safe in several processes concurrently.
 *
 * @throws if the database is not migrated
 */
export async function prepareInstallation(
  { prisma }: Database,
  bootstrapApiKey: string | undefined,
): Promise<{ tag: string }> {
  const projects = makeInstallationRepository(prisma)
  const tag = await projects.installationTag(generateInstallationTag())
  await projects.recordTables()
  if (bootstrapApiKey !== undefined) await bootstrap(projects, bootstrapApiKey)
  return { tag }
}

/**
 * Detects a database that was restored or failed over, and reopens every create that may have been lost. Returns how
 * many, or null if the database is the same. Repeated after a crash.
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

/** Why this database cannot serve requests; null if it can. */
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

/** Checks the database invariants. Read-only. */
export async function examineDatabase({ prisma }: Database): Promise<{
  checks: readonly string[]
  findings: readonly Finding[]
  lastRestore: { at: Date; unrecovered: number } | null
  /** Checks with findings of which some can be repaired. */
  fixable: ReadonlySet<string>
  /** Active holds of new creates. */
  holds: readonly CreationHold[]
}> {
  const providerById = (id: string) => providers.find((provider) => provider.id === id)
  const connections = await makeConnectionsRepository(prisma).all()
  const idSpaces = connections.flatMap(({ id: connectionId, provider, settings }) =>
    kinds.flatMap((kind) => {
      const source = idSourceOf(providerById(provider), settings, kind)
      return source === null ? [] : [{ connectionId, kind, ...source }]
    }),
  )
  const lastRestore = await makeInstallationRepository(prisma).lastRestore()
  const holds = await makeCreationHoldsRepository(prisma).list({ active: true, after: null, limit: 100 })
  const findings = await examine(prisma, idSpaces)
  const planned = findings.length === 0 ? [] : await plannedFixes(prisma)
  return { checks: checkNames, findings, lastRestore, fixable: new Set(planned.map(({ check }) => check)), holds }
}

/** Repairs what can be repaired without a decision; with `isDryRun`, only returns what would be. */
export function fixDatabase(
  { prisma }: Database,
  { by, isDryRun }: { by: Actor; isDryRun: boolean },
): Promise<readonly Fix[]> {
  return isDryRun ? plannedFixes(prisma) : applyFixes(prisma, by)
}

/** Re-encrypts all secrets with the first of these keys. Safe during reads and writes. */
export function reseal(
  { prisma }: Database,
  { secretsKeys, by }: { secretsKeys: string; by: Actor },
  onProgress: (progress: Pick<Rotated, 'table' | 'count'>) => void,
): Promise<readonly Rotated[]> {
  return rotateSecrets({
    repository: makeSealedRowsRepository(prisma, by),
    secretBox: makeSecretBox(secretsKeys),
    onProgress,
  })
}
