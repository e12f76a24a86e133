import type { Call, ProviderResponse } from '../provider.ts'
import { momentAt } from '../timeline.ts'
import type { Collection, World } from '../world.ts'
import { type Container, containerView, toolUrlOf } from './container-view.ts'
import { ok, ScnetError, unknownId } from './envelope.ts'
import { lifeOfContainer } from './lifecycle.ts'
import { readContainerRequest } from './rules.ts'
import { type Gate, isSeenBy, jsonBody, type RegionCaller, wholeNumber } from './service.ts'
import type { ContainerData, ContainerRequest, ScnetSettings } from './wire.ts'

export interface ContainerParts {
  world: World
  settings: ScnetSettings
  gate: Gate
  containers: Collection<ContainerData>
}

/** Creates an instance and returns only its id. */
export function createContainer(parts: ContainerParts, call: Call): ProviderResponse {
  const { world, settings, gate, containers } = parts
  const caller = gate.regionCallerOf(call)
  const request = readContainerRequest(jsonBody(call), settings)
  const name = request.instanceServiceName
  const isTaken = containers.all().some((container) => container.owner === caller.owner && container.name === name)
  if (settings.uniqueNames && isTaken) throw new ScnetError('716865', name)
  if (settings.checkResources) checkResources(request, caller)
  const now = world.now()
  const { id } = containers.add({
    id: world.freshId('scnet', (random) => random.text('0123456789abcdef', 32)),
    name,
    owner: caller.owner,
    creation: call.json,
    data: { request, cycleAt: now },
    timeline: lifeOfContainer(request, now, settings),
  })
  return ok(id)
}

function checkResources(request: ContainerRequest, { region }: RegionCaller): void {
  const { resourceGroup, acceleratorType, cpuNumber, gpuNumber, ramSize } = request
  const group = region.groups.find((candidate) => candidate.resourceGroup === resourceGroup)
  if (group === undefined || group.acceleratorType !== acceleratorType) throw new ScnetError('716865', resourceGroup)
  const isTooMuch = cpuNumber > group.cpuNumber || gpuNumber > group.gpuNumber || ramSize > group.memorySize
  if (isTooMuch) throw new ScnetError('716865', resourceGroup)
}

export function detailContainer({ world, settings, gate, containers }: ContainerParts, call: Call): ProviderResponse {
  const caller = gate.regionCallerOf(call)
  const id = call.params.id ?? ''
  const container = containers.get(id)
  if (container === undefined || !isSeenBy(caller, container, world)) return unknownId(settings, id)
  return ok(containerView(container, world.now(), settings))
}

/** The URL of a running instance's tool, else null: the response before it runs is not documented. */
export function urlOfContainer({ world, settings, gate, containers }: ContainerParts, call: Call): ProviderResponse {
  const caller = gate.regionCallerOf(call)
  const id = call.params.id ?? ''
  const container = containers.get(id)
  if (container === undefined || !isSeenBy(caller, container, world)) return unknownId(settings, id)
  return ok(momentAt(container.timeline, world.now()).state === 'Running' ? toolUrlOf(container) : null)
}

/** The parameters of a list, in a body or a query. */
type ListRequest = Readonly<Record<'status' | 'instanceServiceName' | 'taskType' | 'start' | 'limit' | 'sort', unknown>>

/** The documented list: a GET with a JSON body. */
export function listByBody(parts: ContainerParts, call: Call): ProviderResponse {
  return listContainers(parts, call, jsonBody(call) as ListRequest)
}

/** The list as two clients request it: a GET with the same names in the query, at `task/list` or `task`. */
export function listByQuery(parts: ContainerParts, call: Call): ProviderResponse {
  return listContainers(parts, call, Object.fromEntries(call.query) as ListRequest)
}

function listContainers(parts: ContainerParts, call: Call, request: ListRequest): ProviderResponse {
  const { world, settings, gate, containers } = parts
  const caller = gate.regionCallerOf(call)
  const start = wholeNumber(request.start, 'start', 0)
  const limit = wholeNumber(request.limit, 'limit')
  if (request.sort === undefined || request.sort === null) throw new ScnetError('10003', 'sort')
  if (request.sort !== 'desc' && request.sort !== 'asc') throw new ScnetError('10004', 'sort')
  const oldestFirst = containers
    .listed(call.listing)
    .filter((container) => isSeenBy(caller, container, world))
    .filter((container) => fits(container, request, parts))
  const sorted = request.sort === 'desc' ? oldestFirst.toReversed() : oldestFirst
  const page = sorted.slice(start, start + limit).map((container) => containerView(container, world.now(), settings))
  if (settings.listKey === 'array') return ok(page)
  return ok({ total: sorted.length, [settings.listKey]: page })
}

function fits(container: Container, request: ListRequest, { world, settings }: ContainerParts): boolean {
  const { status, taskType } = request
  const isOfStatus = isAbsent(status) || status === momentAt(container.timeline, world.now()).state
  const isOfType = isAbsent(taskType) || taskType === container.data.request.taskType
  return isOfStatus && isOfType && hasName(container, request.instanceServiceName, settings)
}

// The filter is documented as an array; the example sends null, clients send a string.
function hasName({ name }: Container, filter: unknown, { nameFilter }: ScnetSettings): boolean {
  const names = (Array.isArray(filter) ? filter : [filter]).filter((item) => !isAbsent(item)).map(String)
  if (names.length === 0 || nameFilter === 'ignored') return true
  return names.some((item) => (nameFilter === 'exact' ? name === item : name.includes(item)))
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}
