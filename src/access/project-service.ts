import type { Actor } from '../vocabulary/actor.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { makeId } from '../vocabulary/ids.ts'
import type { Quota } from '../vocabulary/quota.ts'
import type { Scope } from '../vocabulary/scopes.ts'
import { type ApiKey, generateKey, hashOfKey } from './api-key.ts'
import type { ApiKeysRepository } from './api-keys.repository.ts'
import type { Project, ProjectsRepository } from './projects.repository.ts'

interface Deps {
  projects: ProjectsRepository
  keys: ApiKeysRepository
}

export interface KeyRequest {
  projectId: string
  name: string
  scopes: readonly Scope[]
  expiresAt: Date | null
}

/** New key with its text, which is never shown again. */
export type KeyWithSecret = ApiKey & { key: string }

export type ProjectService = ReturnType<typeof makeProjectService>

/** Projects and their keys, for administrators. */
export function makeProjectService({ projects, keys }: Deps) {
  return {
    async createProject(request: { name: string; quota: Quota }, by: Actor): Promise<Project> {
      const created = await projects.insert({ id: makeId('project'), ...request }, by)
      if (created === null) throw nameInUse(request.name)
      return created
    },

    async project(id: string): Promise<Project> {
      return (await projects.get(id)) ?? noProject(id)
    },

    listProjects: projects.list,

    async changeProject(id: string, patch: { name?: string; quota?: Quota }, by: Actor): Promise<Project> {
      const changed = await projects.update(id, patch, by)
      if (changed === 'name_taken') throw nameInUse(patch.name ?? '')
      return changed ?? noProject(id)
    },

    async createKey(request: KeyRequest, by: Actor): Promise<KeyWithSecret> {
      rejectPast(request.expiresAt)
      const id = makeId('apiKey')
      const key = generateKey(id)
      const created = await keys.insert({ id, ...request, hash: new Uint8Array(hashOfKey(key)) }, by)
      return created === null ? noProject(request.projectId) : { ...created, key }
    },

    async key(id: string): Promise<ApiKey> {
      return (await keys.get(id)) ?? noKey(id)
    },

    listKeys: keys.list,

    async revokeKey(id: string, by: Actor): Promise<ApiKey> {
      return (await keys.revoke(id, by)) ?? noKey(id)
    },

    /** The new key has the old one's project, name and scopes and, unless `expiresAt` is given, its lifetime. */
    async rotateKey(
      id: string,
      { overlapSeconds, expiresAt }: { overlapSeconds: number; expiresAt: Date | null },
      by: Actor,
    ): Promise<KeyWithSecret> {
      rejectPast(expiresAt)
      const newId = makeId('apiKey')
      const key = generateKey(newId)
      const next = { id: newId, hash: new Uint8Array(hashOfKey(key)), overlapSeconds, expiresAt }
      const rotated = await keys.rotate(id, next, by)
      if (rotated !== null) return { ...rotated, key }
      if ((await keys.get(id)) === null) return noKey(id)
      throw new ApiError('conflict', `API key ${id} is expired or revoked. Create a new one.`)
    },
  }
}

function rejectPast(expiresAt: Date | null): void {
  if (expiresAt === null || expiresAt.getTime() > Date.now()) return
  const detail = `/expiresAt is ${expiresAt.toISOString()}, which is in the past. It must be in the future.`
  throw new ApiError('invalid_request', detail, {
    errors: [{ in: 'body', pointer: '/expiresAt', code: 'past', detail }],
  })
}

function nameInUse(name: string): ApiError {
  return new ApiError('conflict', `A project named ${name} already exists. Choose another name.`)
}

function noProject(id: string): never {
  throw new ApiError('not_found', `There is no project ${id}. See GET /projects.`)
}

function noKey(id: string): never {
  throw new ApiError('not_found', `There is no API key ${id}. See GET /api-keys.`)
}
