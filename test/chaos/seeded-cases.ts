import type { SandboxProviderId } from '../../src/sandbox/registry.ts'
import type { ApiResponse, Client } from './client.ts'
import type { FaultBoard } from './fault-board.ts'
import { frozenName } from './guards.ts'
import { type Submission, submit } from './load.ts'
import { requestBody } from './request-templates.ts'
import type { Stack } from './stack.ts'
import type { ChaosTiming } from './timing.ts'

export interface SeededCaseParts {
  client: Client
  board: FaultBoard
  stack: Stack
  timing: ChaosTiming
  submissions: Submission[]
}

const limitMs = 30_000

/**
 * One case per safeguard that certainly fails without it, an undecidable case and a name conflict. They run before all
 * other faults. Returns the ids that may park.
 */
export async function runSeededCases(parts: SeededCaseParts): Promise<string[]> {
  await deleteDuringRead(parts)
  const [undecidable] = await Promise.all([
    duplicateTag(parts),
    lostResponse(parts),
    lateExecution(parts),
    frozenWrite(parts),
    nameConflict(parts),
  ])
  return [undecidable]
}

/** `find`: the object is created, but the response is lost. */
async function lostResponse(parts: SeededCaseParts): Promise<void> {
  const workspace = await openWorkspace(parts, 'lost-results')
  await parts.board.add({ kind: 'drop_answer', operation: 'aiapps.submit', object: workspace.remoteId, times: 2 })
  await Promise.all([sendApp(parts, workspace.id, 'lost-1'), sendApp(parts, workspace.id, 'lost-2')])
}

/** `settling`: the request is executed long after the client timed out. */
async function lateExecution(parts: SeededCaseParts): Promise<void> {
  const workspace = await openWorkspace(parts, 'late-creates')
  const late = { delayMs: parts.timing.latestMs, hangsUp: true, times: 2 }
  await parts.board.add({ kind: 'execute_late', operation: 'aiapps.submit', object: workspace.remoteId, ...late })
  await Promise.all([sendApp(parts, workspace.id, 'late-1'), sendApp(parts, workspace.id, 'late-2')])
}

/** `fence`: the process is suspended between the commit of the attempt and the write. */
async function frozenWrite(parts: SeededCaseParts): Promise<void> {
  const workspace = await openWorkspace(parts, 'late-writes')
  await Promise.all([sendApp(parts, workspace.id, `${frozenName}-1`), sendApp(parts, workspace.id, `${frozenName}-2`)])
}

/** `generation`: a delete is requested while a worker holds the lease and reads the object. */
async function deleteDuringRead(parts: SeededCaseParts): Promise<void> {
  const { client, board, timing } = parts
  const delayMs = timing.settings.timing.callTimeoutMs * 0.6
  const end = await board.add({ kind: 'stall', operation: 'aiworkspaces.getDetail', delayMs })
  const id = await send(parts, 'environment', 'dataforest', { name: 'slow-read' })
  await client.waitUntil(
    `/environments/${id}`,
    ({ remote, status }) => remote?.id !== undefined && status === 'provisioning',
    limitMs,
  )
  await client.call('DELETE', `/environments/${id}`)
  await client.waitUntil(`/environments/${id}`, ({ status }) => status === 'deleted', delayMs * 3)
  await end()
}

/**
 * A list that lags longer than declared: the object is not found in time, the create is retried, and the provider
 * returns a name conflict. When this is decided, the list contains the object.
 */
async function nameConflict(parts: SeededCaseParts): Promise<void> {
  const { board, timing } = parts
  const { sendWithinMs, callTimeoutMs } = timing.settings.timing
  const { maxProcessingMs, listConsistencyLagMs } = timing.traits
  const lagMs = sendWithinMs + callTimeoutMs + maxProcessingMs + listConsistencyLagMs * 1.7
  await board.add({ kind: 'drop_answer', operation: 'jobs.create', times: 1 })
  const end = await board.add({ kind: 'list_lag', provider: 'modelarts', lagMs })
  const id = await send(parts, 'job', 'modelarts', { name: 'conflict' })
  const isDecided = ({ remote, status }: ApiResponse['body']) => remote?.id !== undefined || status === 'failed'
  await parts.client.waitUntil(`/jobs/${id}`, isDecided, lagMs + limitMs)
  await end()
}

/** Two objects with one correlation tag: only an operator can decide which one belongs to the record. */
async function duplicateTag(parts: SeededCaseParts): Promise<string> {
  const workspace = await openWorkspace(parts, 'twins')
  await parts.board.add({ kind: 'drop_answer', operation: 'aiapps.submit', object: workspace.remoteId, times: 1 })
  parts.stack.createTwin({ provider: 'dataforest', text: `"aiWorkspaceId":"${workspace.remoteId}"` })
  return sendApp(parts, workspace.id, 'twin')
}

async function openWorkspace(parts: SeededCaseParts, name: string): Promise<{ id: string; remoteId: string }> {
  const id = await send(parts, 'environment', 'dataforest', { name })
  const body = await parts.client.waitUntil(`/environments/${id}`, ({ status }) => status === 'running', limitMs)
  const remoteId = body?.remote?.id
  if (remoteId === undefined) throw new Error(`environment ${name} did not start within ${limitMs} ms`)
  return { id, remoteId }
}

const sendApp = (parts: SeededCaseParts, environmentId: string, name: string) =>
  send(parts, 'job', 'dataforest', { name, environmentId })

async function send(
  { client, stack, submissions }: SeededCaseParts,
  kind: Submission['kind'],
  provider: SandboxProviderId,
  own: { name: string; environmentId?: string },
): Promise<string> {
  const body = { ...requestBody({ provider, kind }, { ...stack, ...own }), ...own }
  const submission = await submit(client, { key: `seeded-${body.name}`, kind, provider, body })
  submissions.push(submission)
  const [id] = submission.ids
  if (id === undefined) throw new Error(`${body.name} was rejected: ${submission.rejection}`)
  return id
}
