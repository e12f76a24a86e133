import type { Call } from '../provider.ts'
import type { Collection, World, WorldObject } from '../world.ts'
import { hasEnded, killed, lifeOf, snapshotAt } from './lifecycle.ts'
import type { OperationName } from './rules.ts'
import { type Execute, ServiceError } from './service.ts'
import {
  type AiAppData,
  type AiAppRequest,
  type DataforestAccount,
  type DataforestSettings,
  koreanTime,
  type WorkspaceData,
} from './wire.ts'
import { assertOwnAccount, ownObject } from './workspaces.ts'

type AiApp = WorldObject<AiAppData>

const lowerCaseAndDigits = 'abcdefghijklmnopqrstuvwxyz0123456789'
const clusterStartedAt = 1_658_880_000_000
const defaultMemoryMb = 15 * 1024

export interface AiAppParts {
  world: World
  settings: DataforestSettings
  workspaces: Collection<WorkspaceData>
  apps: Collection<AiAppData>
  accounts: readonly DataforestAccount[]
  makeId(): string
}

/** The `aiapps` group: batch jobs on YARN. */
export function aiAppOperations(parts: AiAppParts) {
  const { world, settings, workspaces, apps, accounts } = parts
  const nextAppId = makeAppIds(apps)

  return {
    'aiapps.submit': (caller, body: AiAppRequest) => {
      const workspace = ownObject(workspaces, caller, body.aiWorkspaceId)
      assertQuota(parts, caller)
      const { random } = world
      const name = [body.namePrefix, random.text(lowerCaseAndDigits, 4), random.text(lowerCaseAndDigits, 4)].join('-')
      const app = apps.add({
        id: parts.makeId(),
        name,
        owner: caller.accountId,
        creation: body,
        data: { appId: nextAppId(), workspaceName: workspace.name, request: body },
        timeline: lifeOf(body, world.now(), settings),
      })
      return summary(app, caller, world.now())
    },
    'aiapps.getList': (caller, { search }: { search: { accountId: string } }, call: Call) => {
      assertOwnAccount(caller, search.accountId, accounts)
      const own = apps.listed(call.listing).filter((app) => app.owner === caller.accountId)
      return { contents: own.map((app) => listed(app, caller, world.now())) }
    },
    'aiapps.getDetail': (caller, { id }: { id: string }) => {
      const app = ownObject(apps, caller, id)
      return {
        ...summary(app, caller, world.now()),
        appId: app.data.appId,
        containers: containers(app, caller, world.now()),
      }
    },
    'aiapps.kill': (caller, { id }: { id: string }) => {
      const { timeline } = ownObject(apps, caller, id)
      const isOver = hasEnded(timeline, world.now())
      if (isOver && settings.refuseKillOfEnded) {
        throw new ServiceError(400, `invalid request parameter (id, '${id}'). already finished`)
      }
      if (!isOver) apps.change(id, { timeline: killed(timeline, world.now(), settings.killMs) })
      return { message: 'success', id }
    },
  } as const satisfies Partial<Record<OperationName, Execute>>
}

function makeAppIds(apps: Collection<AiAppData>): () => string {
  const numbers = apps.all().map((app) => Number(app.data.appId.split('_').at(-1)))
  let last = numbers.reduce((highest, number) => Math.max(highest, number), 0)
  return () => {
    last += 1
    return `application_${clusterStartedAt}_${String(last).padStart(4, '0')}`
  }
}

function assertQuota({ apps, world, settings }: AiAppParts, caller: DataforestAccount): void {
  if (settings.maxActiveApps === 0) return
  const active = apps.all().filter((app) => app.owner === caller.accountId && !hasEnded(app.timeline, world.now()))
  if (active.length >= settings.maxActiveApps) throw new ServiceError(400, 'exceeds a resource quota')
}

function summary(app: AiApp, { accountName }: DataforestAccount, now: number) {
  const { state, finalStatus, finishedAt } = snapshotAt(app.timeline, now)
  return {
    id: app.id,
    accountName,
    name: app.name,
    queueName: app.data.request.queueName,
    startedAt: koreanTime(app.createdAt),
    finishedAt: koreanTime(finishedAt),
    elapsedMillis: (finishedAt === 0 ? now : finishedAt) - app.createdAt,
    state,
    finalStatus,
  }
}

function listed(app: AiApp, caller: DataforestAccount, now: number) {
  const { elapsedMillis, ...shown } = summary(app, caller, now)
  return {
    ...shown,
    appId: app.data.appId,
    workspaceName: app.data.workspaceName,
    modifiedAt: koreanTime(snapshotAt(app.timeline, now).modifiedAt),
    disabled: false,
  }
}

function containers(app: AiApp, { accountName }: DataforestAccount, now: number) {
  const { ranAt, finishedAt } = snapshotAt(app.timeline, now)
  if (ranAt === null) return {}
  const { docker, resource } = app.data.request
  const containerId = `${app.data.appId.replace('application', 'container')}_01_000002`
  return {
    [containerId]: {
      component: 'worker',
      containerId,
      cpuCount: resource.cpuCount ?? 1,
      createdAt: koreanTime(ranAt),
      dockerImage: docker.image,
      // A host that does not resolve: the documents show a log URL without describing its content.
      logUrl: `https://logs.dataforest.invalid/containerlogs/${containerId}/${accountName}`,
      memoryMb: resource.memoryMb ?? defaultMemoryMb,
      status: finishedAt === 0 ? 'RUNNING' : 'COMPLETE',
    },
  }
}
