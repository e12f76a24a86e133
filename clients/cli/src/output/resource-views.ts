import { formatElapsed } from '../input/durations.ts'
import { paintStatus } from './paint.ts'
import { type Column, field, type Row, textOf, type View } from './views.ts'

const status: Column = {
  head: 'STATUS',
  cell: (row, paint) => paintStatus(paint, textOf(row.status) ?? '-'),
}

const reason = field('REASON', 'statusReason')

const age: Column = { head: 'AGE', cell: ({ createdAt }) => elapsedSince(createdAt) }

function elapsedSince(time: unknown): string | undefined {
  return typeof time === 'string' ? formatElapsed(Date.now() - Date.parse(time)) : undefined
}

const flag = (head: string, name: string): Column => ({
  head,
  cell: (row) => (row[name] === true ? 'yes' : 'no'),
})

/** Jobs and environments. */
export const workloadView: View = {
  columns: [field('ID', 'id'), field('NAME', 'name'), field('PROVIDER', 'provider'), status, reason, age],
  name: 'id',
}

export const providerView: View = {
  columns: [
    field('ID', 'id'),
    field('TITLE', 'title'),
    { head: 'KINDS', cell: ({ kinds }) => textOf(Object.keys(kinds ?? {})) },
  ],
  name: 'id',
}

export const connectionView: View = {
  columns: [
    field('ID', 'id'),
    field('NAME', 'name'),
    field('PROVIDER', 'provider'),
    { head: 'STATE', cell: (row) => stateOfConnection(row) },
    { head: 'VERIFIED', cell: ({ verifiedAt }) => agoOf(verifiedAt) },
    age,
  ],
  name: 'id',
}

function stateOfConnection({ held, pausedUntil, pauseReason }: Row): string {
  if (held === true) return 'held'
  if (pausedUntil === undefined) return 'active'
  return `paused (${textOf(pauseReason) ?? 'after errors'})`
}

export function agoOf(time: unknown): string {
  const elapsed = elapsedSince(time)
  return elapsed === undefined ? 'never' : `${elapsed} ago`
}

export const webhookView: View = {
  columns: [
    field('ID', 'id'),
    field('URL', 'url'),
    { head: 'EVENTS', cell: ({ eventTypes }) => textOf(eventTypes) ?? 'all' },
    flag('ENABLED', 'enabled'),
    { head: 'FAILING', cell: ({ failingSince }) => elapsedSince(failingSince) ?? 'no' },
    age,
  ],
  name: 'id',
}

export const deliveryView: View = {
  columns: [
    field('ID', 'id'),
    field('TYPE', 'type'),
    status,
    field('ATTEMPTS', 'attempts'),
    { head: 'LAST', cell: ({ lastAttempt }) => lastOf(lastAttempt) },
    age,
  ],
  name: 'id',
}

function lastOf(attempt: unknown): string | undefined {
  if (typeof attempt !== 'object' || attempt === null) return undefined
  return textOf(Reflect.get(attempt, 'httpStatus') ?? Reflect.get(attempt, 'reason'))
}

export const keyView: View = {
  columns: [
    field('ID', 'id'),
    field('NAME', 'name'),
    field('PROJECT', 'projectId'),
    field('SCOPES', 'scopes'),
    field('EXPIRES', 'expiresAt'),
    { head: 'STATE', cell: (row) => (row.revokedAt === undefined ? 'active' : 'revoked') },
    { head: 'LAST USED', cell: ({ lastUsedAt }) => agoOf(lastUsedAt) },
  ],
  name: 'id',
}

export const projectView: View = {
  columns: [field('ID', 'id'), field('NAME', 'name'), field('QUOTA', 'quota'), age],
  name: 'id',
}

export const eventView: View = {
  columns: [
    field('TIME', 'at'),
    field('RECORD', 'recordId'),
    { head: 'TYPE', cell: ({ type }, paint) => paintType(textOf(type) ?? '-', (text) => paintStatus(paint, text)) },
    { head: 'REASON', cell: ({ data }) => reasonOf(data) },
  ],
  name: 'id',
}

/** `job.running` with the colour of `running`. */
function paintType(type: string, paint: (text: string) => string): string {
  const dot = type.indexOf('.') + 1
  return type.slice(0, dot) + paint(type.slice(dot))
}

/** Reason of an event, without the message for people. */
export function reasonOf(data: unknown): string | undefined {
  return typeof data === 'object' && data !== null ? textOf(Reflect.get(data, 'reason')) : undefined
}

export const recordEventView: View = {
  columns: [field('SEQ', 'seq'), ...eventView.columns.filter(({ head }) => head !== 'RECORD')],
  name: 'id',
}

export const auditView: View = {
  columns: [
    field('TIME', 'at'),
    field('SUBJECT', 'subject'),
    field('ACTION', 'action'),
    field('OBJECT', 'objectId'),
    field('OUTCOME', 'outcome'),
  ],
  name: 'id',
}

export const attentionView: View = {
  columns: [
    field('ID', 'id'),
    field('PROJECT', 'projectId'),
    field('PROVIDER', 'provider'),
    field('STATE', 'state'),
    field('CODE', 'code'),
    { head: 'SINCE', cell: ({ since }) => agoOf(since) },
    { head: 'TAG', cell: ({ correlationTag }) => textOf(correlationTag) },
    { head: 'RESOLVE WITH', cell: ({ calls }) => optionsOf(calls) },
  ],
  name: 'id',
}

/** The options of `admin resolve` that are possible. */
function optionsOf(calls: unknown): string | undefined {
  if (!Array.isArray(calls)) return undefined
  const options = calls.map(
    (call: unknown) =>
      /--[a-z-]+(?: (?:succeeded|failed|canceled))?/.exec(String(Reflect.get(Object(call), 'command')))?.[0],
  )
  return options.filter((option) => option !== undefined).join(' | ')
}

export const candidateView: View = {
  columns: [
    field('REMOTE ID', 'remoteId'),
    field('NAME', 'remoteName'),
    field('STATE', 'state'),
    flag('TAGGED', 'hasTag'),
    flag('OWNED', 'isOwned'),
  ],
  name: 'remoteId',
}

export const resolvedView: View = {
  columns: [field('ID', 'id'), field('PROJECT', 'projectId'), field('RESULT', 'result'), field('DETAIL', 'detail')],
  name: 'id',
}

export const holdView: View = {
  columns: [
    field('ID', 'id'),
    field('PROVIDER', 'provider'),
    field('CONNECTION', 'connectionId'),
    field('PROJECT', 'projectId'),
    field('NOTE', 'note'),
    { head: 'RELEASED', cell: ({ releasedAt }) => agoOf(releasedAt) },
    age,
  ],
  name: 'id',
}
