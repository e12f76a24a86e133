import { momentAt } from '../timeline.ts'
import type { WorldObject } from '../world.ts'
import { endedAt, timeoutMsOf } from './lifecycle.ts'
import { beijingTime, type ContainerData, type ContainerRequest, type ScnetSettings } from './wire.ts'

export type Container = WorldObject<ContainerData>

/** An instance as its detail returns it, without an exit code or a failure reason. */
export function containerView(container: Container, now: number, settings: ScnetSettings) {
  const { id, data, timeline, createdAt } = container
  const { request } = data
  const { state } = momentAt(timeline, now)
  const isRunning = state === 'Running'
  const times = timesOf(container, now)
  return {
    id,
    // The id of the first container, derived from the instance's because it is not documented.
    headerNotebookId: [...id].reverse().join(''),
    headerNotebookIp: isRunning ? '10.0.35.100' : '',
    instanceServiceName: container.name,
    currentIndex: 0,
    ...sizesOf(request),
    taskNumber: settings.taskNumberIsString ? String(request.taskNumber) : request.taskNumber,
    timeoutLimit: request.timeoutLimit,
    userName: container.owner.split('@')[0],
    version: request.version,
    imagePath: request.imagePath,
    status: state,
    taskType: request.taskType,
    description: request.description ?? '',
    createTime: beijingTime(createdAt),
    startTime: beijingTime(times.startedAt),
    endTime: beijingTime(times.endedAt),
    duration: elapsed(times.startedAt === null ? null : (times.endedAt ?? now) - times.startedAt),
    remainingTime: elapsed(remainingMs(request, isRunning ? times.startedAt : null, now)),
    tensorboardId: null,
    tensorboardPath: null,
    mountInfoList: request.mountInfoList ?? [],
    containerPortInfoList: portsOf(container, isRunning),
    useStartScript: request.useStartScript,
    startScriptContent: request.startScriptContent ?? '',
    startScriptPath: '',
    startScriptActionScope: request.startScriptActionScope,
  }
}

/** The URL of a running container's tool; that of Jupyter contains its secret. The hosts do not resolve. */
export function toolUrlOf({ id, data }: Container): string {
  const secret = data.request.taskType === 'jupyter' ? `?token=${id.slice(8)}` : ''
  return `https://${data.request.taskType}-${id.slice(0, 8)}.ingress.scnet.invalid/${secret}`
}

function sizesOf({ gpuNumber, cpuNumber, ramSize, acceleratorType, resourceGroup }: ContainerRequest) {
  const accelerators = gpuNumber > 0 ? `${acceleratorType.toUpperCase()}:${gpuNumber}卡,` : ''
  const resourceSpec = `${accelerators}CPU:${cpuNumber}核,内存:${ramSize}MB`
  return { gpuNumber, cpuNumber, ramSize, acceleratorType, resourceGroup, resourceSpec }
}

// Times of the newest cycle: a restart resets them.
function timesOf({ timeline, data }: Container, now: number) {
  const start = timeline.find(({ state, at }) => state === 'Running' && at >= data.cycleAt && at <= now)
  return { startedAt: start?.at ?? null, endedAt: endedAt(timeline, now) }
}

function remainingMs(request: ContainerRequest, startedAt: number | null, now: number): number | null {
  const limitMs = timeoutMsOf(request)
  return startedAt === null || limitMs === Number.POSITIVE_INFINITY ? null : Math.max(startedAt + limitMs - now, 0)
}

/** The observed format, `14d 23h 48m`; two hyphens for none. */
function elapsed(ms: number | null): string {
  if (ms === null) return '--'
  const minutes = Math.floor(ms / 60_000)
  return `${Math.floor(minutes / 1440)}d ${Math.floor(minutes / 60) % 24}h ${minutes % 60}m`
}

function portsOf({ id, data }: Container, isRunning: boolean) {
  return (data.request.containerPortInfoList ?? []).map(({ containerPort, protocolType }) => {
    const host = `${id.slice(0, 8)}-${containerPort}.ingress.scnet.invalid`
    const accessUrl = protocolType === 'SSH' ? `ssh://${host}:${containerPort}` : `https://${host}/`
    return { accessUrl: isRunning ? accessUrl : '', containerPort: String(containerPort), protocolType }
  })
}
