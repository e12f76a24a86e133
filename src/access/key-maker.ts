import type { Database } from '../infra/database.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { Scope } from '../vocabulary/scopes.ts'
import { findValidKey, makeApiKeysRepository, type ValidKey } from './api-keys.repository.ts'
import { type KeyWithSecret, makeProjectService } from './project-service.ts'
import { makeProjectsRepository } from './projects.repository.ts'

interface NewKey {
  name: string
  /** Project name; the project is created if it does not exist. */
  project: string
  scopes: readonly Scope[]
  expiresAt: Date | null
}

/** Creates keys for an operator with access to the database. */
export function makeKeyMaker(
  { prisma }: Pick<Database, 'prisma'>,
  by: Actor,
): (request: NewKey) => Promise<KeyWithSecret> {
  const projects = makeProjectsRepository(prisma)
  const service = makeProjectService({ projects, keys: makeApiKeysRepository(prisma) })

  return async ({ project, ...request }) => {
    const projectId =
      (await projects.idOf(project)) ?? (await service.createProject({ name: project, quota: {} }, by)).id
    return service.createKey({ ...request, projectId }, by)
  }
}

/** Finds the record of a key for an operator with access to the database; null if the key is not valid. */
export function makeKeyFinder({ prisma }: Pick<Database, 'prisma'>): (key: string) => Promise<ValidKey | null> {
  const keys = makeApiKeysRepository(prisma)
  return (key) => findValidKey(keys, key)
}
