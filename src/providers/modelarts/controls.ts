import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import type { Driver } from '../driver.ts'
import type { Observation } from '../observation.ts'
import type { ProviderError } from '../provider-error.ts'
import { vendorCodes } from './error-codes.ts'
import { isOneOf } from './errors.ts'

type ControlAction = 'start' | 'stop' | 'delete'
type ReadInstance = (remoteId: string, signal: AbortSignal) => Promise<Observation<'environment'> | 'gone'>

interface ControlCalls {
  /** `spec` is given for a start of an object that Switchyard created. */
  send(action: ControlAction, remoteId: string, signal: AbortSignal, spec?: EnvironmentSpec): Promise<unknown>
  get: ReadInstance
}

const isRunning: ReadonlySet<string | null> = new Set(['starting', 'running'])
const isStopped: ReadonlySet<string | null> = new Set(['stopping', 'stopped', 'deleting', 'deleted'])

/**
 * Start, stop and delete, shared by both APIs of environments. Codes report that the object is already in the requested
 * state; 6357 ("another operation is being performed or the instance is in the target state") requires reading the
 * state.
 */
export function makeControls({ send, get }: ControlCalls): Required<Driver<'environment'>['controls']> {
  /** Succeeds if the object is in a requested state; otherwise rethrows the error, which is retried later. */
  async function assertReached(
    error: ProviderError,
    requested: ReadonlySet<string | null>,
    read: () => ReturnType<ReadInstance>,
  ) {
    const seen = await read()
    if (seen === 'gone' ? !requested.has('deleted') : !requested.has(seen.status)) throw error
  }

  async function start(remoteId: string, signal: AbortSignal, spec?: EnvironmentSpec): Promise<void> {
    try {
      await send('start', remoteId, signal, spec)
    } catch (error) {
      if (isOneOf(error, vendorCodes.startedAlready)) return
      if (!isOneOf(error, vendorCodes.busyOrDone)) throw error
      await assertReached(error, isRunning, () => get(remoteId, signal))
    }
  }

  async function stop(remoteId: string, signal: AbortSignal): Promise<void> {
    try {
      await send('stop', remoteId, signal)
    } catch (error) {
      if (isOneOf(error, [...vendorCodes.stoppedAlready, ...vendorCodes.noSuchInstance])) return
      if (!isOneOf(error, vendorCodes.busyOrDone)) throw error
      await assertReached(error, isStopped, () => get(remoteId, signal))
    }
  }

  async function remove(remoteId: string, signal: AbortSignal): Promise<void> {
    try {
      await send('delete', remoteId, signal)
    } catch (error) {
      if (isOneOf(error, vendorCodes.noSuchInstance)) return
      if (isOneOf(error, vendorCodes.stopFirst)) {
        // The instance is running unexpectedly, which a failed one may be. A delete succeeds once it is stopped.
        await stop(remoteId, signal)
        throw error
      }
      if (!isOneOf(error, vendorCodes.busyOrDone)) throw error
      await assertReached(error, new Set(['deleting', 'deleted']), () => get(remoteId, signal))
    }
  }

  return { start, stop, delete: remove }
}
