import type { Call } from '../provider.ts'
import type { Collection, World, WorldObject } from '../world.ts'
import type { OperationName } from './rules.ts'
import { type Execute, noSuchElement, notAllowed, ServiceError } from './service.ts'
import {
  type Configuration,
  type DataforestAccount,
  koreanTime,
  type WorkspaceData,
  type WorkspaceRequest,
} from './wire.ts'

type Workspace = WorldObject<WorkspaceData>

/** The available images; the format of the map is documented, its keys are invented. */
const images: Readonly<Record<string, object>> = {
  tensorflow: { tensorflow: ['tensorflow:r2.3.1-py3', 'tensorflow:r1.15.4-py3'] },
  pytorch: { pytorch: ['pytorch:r1.7.0-py3'] },
}

/** Rejects an account that does not exist (404) or belongs to another user (403). */
export function assertOwnAccount(
  caller: DataforestAccount,
  accountId: string,
  known: readonly DataforestAccount[],
): void {
  if (caller.accountId === accountId) return
  throw known.some((account) => account.accountId === accountId) ? notAllowed() : noSuchElement()
}

/** An existing object of the caller, or the documented rejection. */
export function ownObject<D extends object>(
  objects: Collection<D>,
  caller: DataforestAccount,
  id: string,
): WorldObject<D> {
  const object = objects.get(id)
  if (object === undefined) throw noSuchElement()
  if (object.owner !== caller.accountId) throw notAllowed()
  return object
}

export interface WorkspaceParts {
  world: World
  workspaces: Collection<WorkspaceData>
  accounts: readonly DataforestAccount[]
  makeId(): string
}

/** The `aiworkspaces` group. A workspace has no state. */
export function workspaceOperations(parts: WorkspaceParts) {
  const { workspaces, accounts, world } = parts
  const isFree = (accountId: string, name: string) =>
    !workspaces.all().some((workspace) => workspace.owner === accountId && workspace.name === name)

  return {
    'aiworkspaces.create': (caller, body: WorkspaceRequest) => {
      assertOwnAccount(caller, body.accountId, accounts)
      // No code is documented for a duplicate name, only that checkAvailableName checks names.
      if (!isFree(body.accountId, body.name)) {
        throw new ServiceError(400, `invalid request parameter (name, '${body.name}'). already exists`)
      }
      return { id: create(parts, body).id }
    },
    'aiworkspaces.checkAvailableName': (caller, body: { accountId: string; name: string }) => {
      assertOwnAccount(caller, body.accountId, accounts)
      return { availableName: isFree(body.accountId, body.name) }
    },
    'aiworkspaces.getList': (caller, { search }: { search: { accountId: string } }, call: Call) => {
      assertOwnAccount(caller, search.accountId, accounts)
      const own = workspaces.listed(call.listing).filter((workspace) => workspace.owner === caller.accountId)
      return { total: own.length, contents: own.map((workspace) => listed(workspace, caller)) }
    },
    'aiworkspaces.getDetail': (caller, { id }: { id: string }) => {
      const workspace = ownObject(workspaces, caller, id)
      const { disabled, ...shown } = listed(workspace, caller)
      return { ...shown, accountId: workspace.owner, contents: history(workspace) }
    },
    'aiworkspaces.getConfigurationList': (caller, { id }: { id: string }) => {
      const contents = history(ownObject(workspaces, caller, id))
      return { total: contents.length, contents }
    },
    'aiworkspaces.setConfiguration': (caller, body: { id: string; configuration: Configuration }) => {
      const { data } = ownObject(workspaces, caller, body.id)
      const entry = { configuration: body.configuration, at: world.now() }
      workspaces.change(body.id, { data: { ...data, history: [...data.history, entry] } })
      return { id: body.id }
    },
    'aiworkspaces.getDockerImageList': (_caller, { search }: { search: { typeName: string } }) => ({
      dockerImages: images[search.typeName] ?? {},
    }),
    'aiworkspaces.delete': (caller, { id }: { id: string }) => {
      workspaces.remove(ownObject(workspaces, caller, id).id)
      return { id }
    },
  } as const satisfies Partial<Record<OperationName, Execute>>
}

function create({ world, workspaces, makeId }: WorkspaceParts, body: WorkspaceRequest): Workspace {
  const at = world.now()
  return workspaces.add({
    id: makeId(),
    name: body.name,
    owner: body.accountId,
    creation: body,
    data: { description: body.description ?? '', history: [{ configuration: body.configuration, at }] },
    timeline: [{ at, state: 'EXISTS' }],
  })
}

function listed({ id, name, data, createdAt }: Workspace, { accountName }: DataforestAccount) {
  const newest = data.history.at(-1)
  return {
    id,
    name,
    accountName,
    description: data.description,
    disabled: false,
    imageVersion: newest?.configuration.docker.image.split(':').at(-1) ?? '',
    createdAt: koreanTime(createdAt),
    modifiedAt: koreanTime(newest?.at ?? createdAt),
  }
}

// The samples of reads omit docker.workdir, although create accepts it.
function history({ data }: Workspace) {
  return data.history.map(({ configuration, at }) => {
    const { workdir, ...docker } = configuration.docker
    return { configuration: { ...configuration, docker }, createdAt: koreanTime(at), modifiedAt: koreanTime(at) }
  })
}
