import type { Call, ProviderResponse } from '../provider.ts'
import { divert, momentAt } from '../timeline.ts'
import type { Container } from './container-view.ts'
import type { ContainerParts } from './containers.ts'
import { type Code, ok, ScnetError } from './envelope.ts'
import { cutShort, hasEnded, lifeOfContainer } from './lifecycle.ts'
import { jsonBody, requiredParam } from './service.ts'

/** Restarts an ended instance; an active one stays unchanged, or is rejected in strict mode. */
export function restartContainer(parts: ContainerParts, call: Call): ProviderResponse {
  const { world, settings, containers } = parts
  const id = requiredParam(call.query, 'instanceServiceId')
  const { data, timeline } = ownContainer(parts, call, { id, code: '716868' })
  const now = world.now()
  if (hasEnded(timeline, now)) {
    const [first, ...later] = lifeOfContainer(data.request, now, settings)
    containers.change(id, { data: { ...data, cycleAt: now }, timeline: divert(timeline, now, first, ...later) })
  } else if (settings.refuseNoopActions) {
    throw new ScnetError('716868', id)
  }
  return ok(id)
}

/** Stops instances; ended ones stay unchanged, or are rejected in strict mode. With one unknown id, none is stopped. */
export function stopContainers(parts: ContainerParts, call: Call): ProviderResponse {
  const { world, settings, containers } = parts
  const now = world.now()
  const chosen = chosenContainers(parts, call, '716867')
  const ended = chosen.find(({ timeline }) => hasEnded(timeline, now))
  if (ended !== undefined && settings.refuseNoopActions) throw new ScnetError('716867', ended.id)
  for (const { id, timeline } of chosen) {
    const stopped = cutShort(timeline, now, { state: 'Terminated', afterMs: settings.stopMs })
    containers.change(id, { timeline: stopped })
  }
  return ok(null)
}

/** Deletes instances, active ones too unless in strict mode. With one unknown id, none is deleted. */
export function deleteContainers(parts: ContainerParts, call: Call): ProviderResponse {
  const { world, settings, containers } = parts
  const chosen = chosenContainers(parts, call, '716866')
  const living = chosen.find(({ timeline }) => !hasEnded(timeline, world.now()))
  if (living !== undefined && settings.refuseDeleteOfLive) throw new ScnetError('716866', living.id)
  for (const { id } of new Set(chosen)) containers.remove(id)
  return ok(null)
}

/** Sends a script to a running instance; code 0 means only that it was delivered. */
export function executeScript(parts: ContainerParts, call: Call): ProviderResponse {
  const body = jsonBody(call)
  for (const name of ['id', 'startScriptContent', 'startScriptActionScope']) {
    if (typeof body[name] !== 'string' || body[name] === '') throw new ScnetError('10003', name)
  }
  if (!['all', 'header'].includes(String(body.startScriptActionScope))) {
    throw new ScnetError('10004', 'startScriptActionScope')
  }
  const id = String(body.id)
  const { timeline } = ownContainer(parts, call, { id, code: '716864' })
  if (momentAt(timeline, parts.world.now()).state !== 'Running') throw new ScnetError('716864', id)
  return ok(null)
}

// The parameter is repeated, `ids=a&ids=b`; a comma-separated list is one unknown id.
function chosenContainers(parts: ContainerParts, call: Call, code: Code): Container[] {
  const ids = call.query.getAll('ids').filter((id) => id !== '')
  if (ids.length === 0) throw new ScnetError('10003', 'ids')
  return ids.map((id) => ownContainer(parts, call, { id, code }))
}

function ownContainer(
  { gate, containers }: ContainerParts,
  call: Call,
  requested: { id: string; code: Code },
): Container {
  const { owner } = gate.regionCallerOf(call)
  const container = containers.get(requested.id)
  if (container === undefined || container.owner !== owner) throw new ScnetError(requested.code, requested.id)
  return container
}
