import type { PrismaClient } from '../infra/database.ts'

export type SecretsRepository = ReturnType<typeof makeSecretsRepository>

/** Reads sealed secrets. Admission writes them, in the statement that records the workload. */
export function makeSecretsRepository(prisma: PrismaClient) {
  return {
    async sealedOf(workloadIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
      const rows = await prisma.$queryRaw<{ id: string; sealed: string }[]>`
        SELECT workload_id AS id, sealed FROM workload_secrets WHERE workload_id = ANY(${workloadIds})`
      return new Map(rows.map(({ id, sealed }) => [id, sealed]))
    },
  }
}
