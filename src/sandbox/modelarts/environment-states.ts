import { Rejection } from './rejections.ts'
import { wrongValue } from './rules.ts'
import type { ModelartsSettings } from './wire.ts'

/** The rejection of an operation that the state does not allow, without a reason. */
export function busy(): Rejection {
  return new Rejection(
    400,
    '6357',
    'The operation is not allowed because another operation is being performed on the instance or the instance is in the target state.',
  )
}

const rejectionsByState: Readonly<Record<string, readonly [code: string, message: string]>> = {
  RUNNING: ['6305', 'The instance is already running.'],
  STARTING: ['6306', 'The instance is starting.'],
  RESTARTING: ['6306', 'The instance is starting.'],
  START_QUEUING: ['6306', 'The instance is starting.'],
  STOPPED: ['6307', 'The instance has already been stopped.'],
  STOPPING: ['6308', 'The instance is stopping.'],
  FROZEN: ['6326', 'The instance is frozen. Check whether your account is in arrears in Billing Center.'],
}

const startable: ReadonlySet<string> = new Set(['STOPPED', 'START_FAILED', 'READY_TO_START', 'UNAVAILABLE'])

/** Checks that the state allows a start. @throws Rejection */
export function assertCanStart(state: string, settings: ModelartsSettings): void {
  if (!startable.has(state)) throw stateRejection(state, settings)
}

/** Checks that the state allows a stop: only running objects can be stopped. @throws Rejection */
export function assertCanStop(state: string, settings: ModelartsSettings): void {
  if (state === 'RUNNING') return
  if (state.endsWith('FAILED') || state === 'UNAVAILABLE') {
    throw new Rejection(400, '6327', 'The instance is not in running. Please refresh the page and start it.')
  }
  throw state === 'STARTING' ? busy() : stateRejection(state, settings)
}

function stateRejection(state: string, settings: ModelartsSettings): Rejection {
  const [code, message] = rejectionsByState[state] ?? []
  if (settings.vagueStateErrors || code === undefined || message === undefined) return busy()
  return new Rejection(400, code, message)
}

/** The flavor rules that both kinds of environment share. @throws Rejection */
export function assertFlavor(id: string, isKnown: boolean, settings: ModelartsSettings): void {
  if (settings.refuseUnknownFlavors && !isKnown) {
    throw new Rejection(400, '6323', 'The flavor is not supported, please check it.')
  }
  if (settings.soldOutFlavors.split(',').includes(id)) {
    throw new Rejection(400, '6329', 'Sorry, this flavor specification is sold out. Please try others.')
  }
}

/** A sort direction in a query, in the letter case of the group. @throws Rejection */
export function isDescending(value: string | null, fallback: 'asc' | 'desc', name: string): boolean {
  const direction = (value ?? fallback).toLowerCase()
  if (direction !== 'asc' && direction !== 'desc') throw wrongValue(name)
  return direction === 'desc'
}
