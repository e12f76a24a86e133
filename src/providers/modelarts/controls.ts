import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import type { Driver } from '../driver.ts'
import type { Observation } from '../observation.ts'
import type { ProviderError } from '../provider-error.ts'
import { vendorCodes } from './error-codes.ts'
import { isOneOf } from './errors.ts'

type Verb = 'start' | 'stop' | 'delete'
type Look = (remoteId: string, signal: AbortSignal) => Promise<Observation<'environment'> | 'gone'>

interface Verbs {
  /** `spec` is given for a start of an object that Switchyard created. */
  send(verb: Verb, remoteId: string, signal: AbortSignal, spec?: EnvironmentSpec): Promise<unknown>
  get: Look
}

const isRunning: ReadonlySet<string | null> = new Set(['starting', 'running'])
const isStopped: ReadonlySet<string | null> = new Set(['stopping', 'stopped', 'deleting', 'deleted'])

/**
 * Start, stop and delete, shared by both APIs of environments. Codes report that the object is already in the requested
 * state; 6357 ("another operation is being performed or the instance is in the target state") requires reading the
 * state.
 */
export function makeControls({ send, get }: Verbs): Required<Driver<'environment'>['controls']> {
  /** Succeeds if the object is in a requested state; otherwise rethrows the error, which is retried later. */
  async function doneOr(error: ProviderError, requested: ReadonlySet<string | null>, look: () => ReturnType<Look>) {
    const seen = await look()
    if (seen === 'gone' ? !requested.has('deleted') : !requested.has(seen.status)) throw error
  }

  async function start(remoteId: string, signal: AbortSignal, spec?: EnvironmentSpec): Promise<void> {
    try {
      await send('start', remoteId, signal, spec)
    } catch (error) {
      if (isOneOf(error, vendorCodes.startedAlready)) return
      if (!isOneOf(error, vendorCodes.busyOrDone)) throw error
      await doneOr(error, isRunning, () => get(remoteId, signal))
    }
  }

  async function stop(remoteId: string, signal: AbortSignal): Promise<void> {
    try {
      await send('stop', remoteId, signal)
    } catch (error) {
      if (isOneOf(error, [...vendorCodes.stoppedAlready, ...vendorCodes.noSuchInstance])) return
      if (!isOneOf(error, vendorCodes.busyOrDone)) throw error
      await doneOr(error, isStopped, () => get(remoteId, signal))
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
      await doneOr(error, new Set(['deleting', 'deleted']), () => get(remoteId, signal))
    }
  }

  return { start, stop, delete: remove }
}
