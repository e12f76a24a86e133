import type { Database } from '../infra/database.ts'
import { type Rotated, rotateSecrets } from '../secrets/rotate-secrets.ts'
import { makeSealedRowsRepository } from '../secrets/sealed-rows.repository.ts'
import { makeSecretBox } from '../secrets/secret-box.ts'
import type { Actor } from '../vocabulary/actor.ts'

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
