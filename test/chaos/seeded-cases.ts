import type { SandboxProviderId } from '../../src/sandbox/registry.ts'
import type { Answer, Client } from './client.ts'
import type { FaultBoard } from './fault-board.ts'
import { frozenName } from './guards.ts'
import { submit, type Told } from './load.ts'
import { bodyOf } from './request-templates.ts'
import type { Stack } from './stack.ts'
import type { ChaosTiming } from './timing.ts'

export interface PlantParts {
  client: Client
  board: FaultBoard
  stack: Stack
  timing: ChaosTiming
  told: Told[]
}

const limitMs = 30_000

/**
 * One case per guard that goes wrong for certain without it, and one that cannot be decided. They come before the
 * weather, so that nothing else is in the air; and a name that exists already. Answers the ids that may park.
 */
export async function runPlants(parts: PlantParts): Promise<string[]> {
  await wishDuringLook(parts)
  const [undecidable] = await Promise.all([
    twins(parts),
    lostAnswer(parts),
    lateExecution(parts),
    frozenWrite(parts),
    nameTaken(parts),
  ])
  return [undecidable]
}

/** `find`: the object was made and the answer lost. */
async function lostAnswer(parts: PlantParts): Promise<void> {
  const room = await openWorkspace(parts, 'lost-answers')
  await parts.board.add({ kind: 'drop_answer', operation: 'aiapps.submit', object: room.remoteId, times: 2 })
  await Promise.all([sendApp(parts, room.id, 'lost-1'), sendApp(parts, room.id, 'lost-2')])
}

/** `settling`: the request is carried out long after its client gave up. */
async function lateExecution(parts: PlantParts): Promise<void> {
  const room = await openWorkspace(parts, 'late-creates')
  const late = { delayMs: parts.timing.latestMs, hangsUp: true, times: 2 }
  await parts.board.add({ kind: 'execute_late', operation: 'aiapps.submit', object: room.remoteId, ...late })
  await Promise.all([sendApp(parts, room.id, 'late-1'), sendApp(parts, room.id, 'late-2')])
}

/** `fence`: the process stood still between the commit of the attempt and the write. */
async function frozenWrite(parts: PlantParts): Promise<void> {
  const room = await openWorkspace(parts, 'late-writes')
  await Promise.all([sendApp(parts, room.id, `${frozenName}-1`), sendApp(parts, room.id, `${frozenName}-2`)])
}

/** `generation`: a delete comes in while a worker holds the lease and looks at the object. */
async function wishDuringLook(parts: PlantParts): Promise<void> {
  const { client, board, timing } = parts
  const delayMs = timing.settings.timing.callTimeoutMs * 0.6
  const end = await board.add({ kind: 'stall', operation: 'aiworkspaces.getDetail', delayMs })
  const id = await send(parts, 'environment', 'dataforest', { name: 'held-look' })
  await client.until(
    `/environments/${id}`,
    ({ remote, status }) => remote?.id !== undefined && status === 'provisioning',
    limitMs,
  )
  await client.call('DELETE', `/environments/${id}`)
  await client.until(`/environments/${id}`, ({ status }) => status === 'deleted', delayMs * 3)
  await end()
}

/**
 * A list that trails behind for longer than it should: the object is not found in time, the create is sent again, and
 * the provider answers that the name exists. By the time that this has to be decided the list shows it.
 */
async function nameTaken(parts: PlantParts): Promise<void> {
  const { board, timing } = parts
  const { sendWithinMs, callTimeoutMs } = timing.settings.timing
  const { maxProcessingMs, listConsistencyLagMs } = timing.traits
  const lagMs = sendWithinMs + callTimeoutMs + maxProcessingMs + listConsistencyLagMs * 1.7
  await board.add({ kind: 'drop_answer', operation: 'jobs.create', times: 1 })
  const end = await board.add({ kind: 'list_lag', provider: 'modelarts', lagMs })
  const id = await send(parts, 'job', 'modelarts', { name: 'taken' })
  const isDecided = ({ remote, status }: Answer['body']) => remote?.id !== undefined || status === 'failed'
  await parts.client.until(`/jobs/${id}`, isDecided, lagMs + limitMs)
  await end()
}

/** Two objects with one correlation tag: whoever made the second one, only a person can tell which is ours. */
async function twins(parts: PlantParts): Promise<string> {
  const room = await openWorkspace(parts, 'twins')
  await parts.board.add({ kind: 'drop_answer', operation: 'aiapps.submit', object: room.remoteId, times: 1 })
  parts.stack.plantTwin({ provider: 'dataforest', text: `"aiWorkspaceId":"${room.remoteId}"` })
  return sendApp(parts, room.id, 'twin')
}

async function openWorkspace(parts: PlantParts, name: string): Promise<{ id: string; remoteId: string }> {
  const id = await send(parts, 'environment', 'dataforest', { name })
  const body = await parts.client.until(`/environments/${id}`, ({ status }) => status === 'running', limitMs)
  const remoteId = body?.remote?.id
  if (remoteId === undefined) throw new Error(`environment ${name} did not come up in ${limitMs} ms`)
  return { id, remoteId }
}

const sendApp = (parts: PlantParts, environmentId: string, name: string) =>
  send(parts, 'job', 'dataforest', { name, environmentId })

async function send(
  { client, stack, told }: PlantParts,
  kind: Told['kind'],
  provider: SandboxProviderId,
  own: { name: string; environmentId?: string },
): Promise<string> {
  const body = { ...bodyOf({ provider, kind }, { ...stack, ...own }), ...own }
  const answered = await submit(client, { key: `plant-${body.name}`, kind, provider, body })
  told.push(answered)
  const [id] = answered.ids
  if (id === undefined) throw new Error(`${body.name} was refused: ${answered.refusal}`)
  return id
}
