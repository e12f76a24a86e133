import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import type { Driver, Observation } from '../provider.ts'
import type { ProviderError } from '../provider-error.ts'
import { vendorCodes } from './error-codes.ts'
import { isOneOf } from './errors.ts'

type Verb = 'start' | 'stop' | 'delete'
type Look = (remoteId: string, signal: AbortSignal) => Promise<Observation<'environment'> | 'gone'>

interface Verbs {
  /** `spec` comes with a start of what was made here. */
  send(verb: Verb, remoteId: string, signal: AbortSignal, spec?: EnvironmentSpec): Promise<unknown>
  get: Look
}

const isRunning: ReadonlySet<string | null> = new Set(['starting', 'running'])
const isStopped: ReadonlySet<string | null> = new Set(['stopping', 'stopped', 'deleting', 'deleted'])

/**
 * Start, stop and delete, alike for both APIs of environments. That it is so already has codes of its own; where the
 * answer is 6357 ("another operation is being performed or the instance is in the target state") the state is read.
 */
export function makeControls({ send, get }: Verbs): Required<Driver<'environment'>['controls']> {
  /** Done if it is as wished; else the refusal stands, and is tried again later. */
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
        // It runs although it was thought not to: a failed instance may. Once it is stopped a delete will do.
        await stop(remoteId, signal)
        throw error
      }
      if (!isOneOf(error, vendorCodes.busyOrDone)) throw error
      await doneOr(error, new Set(['deleting', 'deleted']), () => get(remoteId, signal))
    }
  }

  return { start, stop, delete: remove }
}
