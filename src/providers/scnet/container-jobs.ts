import type { Json } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Driver } from '../driver.ts'
import type { Observation } from '../observation.ts'
import type { ScnetClient } from './client.ts'
import { driveContainers } from './container-driver.ts'
import { hasReachedLimit, makeContainers, observationOf, timesOf } from './containers.ts'
import { containerTraits, ended } from './environments.ts'
import { isAboutObject } from './errors.ts'
import { containerAccepts, containerJobErrors, containerTagLength, jobContainer } from './mapping.ts'
import { jobOptions } from './options.ts'
import type { ScnetSettings } from './settings.ts'

/**
 * A container's states as job statuses. It is not documented that a container ends in Completed when its script does,
 * and there is no exit code: success is inferred.
 */
const states: Readonly<Record<string, Status<'job'>>> = {
  Waiting: 'pending',
  Deploying: 'pending',
  Running: 'running',
  Completed: 'succeeded',
  Terminated: 'canceled',
  Failed: 'failed',
}

/** A job as a container with a start script: no exit code and no logs; its end is that of the container. */
export function makeContainerJobs(
  client: ScnetClient,
  settings: ScnetSettings,
  literals: readonly string[],
): Driver<'job'> {
  const containers = makeContainers(client, settings)
  const driven = driveContainers<'job'>(containers, settings, {
    bodyOf: (intent) => jobContainer(intent, settings),
    observe: (item) => jobOf(item, settings, literals),
  })

  return {
    ...driven,
    accepts: jobAccepts(settings),
    options: jobOptions,
    states,
    traits: {
      ...containerTraits,
      enforces: ['timeLimit'],
      // Nothing distinguishes it from an environment, and one container could become two records.
      notImportable: 'A container of SCNet is imported as an environment, not as a job.',
    },
    tagLength: containerTagLength,
    // A job is a separate container; it can only wait for another one.
    environment: 'optional',
    check: containerJobErrors,

    controls: {
      /** Stops the container, which stays as a record. */
      async cancel(remoteId, signal) {
        try {
          await containers.stop(remoteId, signal)
        } catch (error) {
          if (!isAboutObject(error)) throw error
          const seen = await driven.get(remoteId, signal)
          if (seen !== 'gone' && !ended.includes(seen.rawState)) throw error
        }
      },
    },
  }
}

function jobAccepts(settings: ScnetSettings): Driver<'job'>['accepts'] {
  const { defaultWallTimeSeconds: seconds } = settings
  return {
    ...containerAccepts(settings),
    command: { to: 'startScriptContent' },
    script: { to: 'startScriptContent' },
    environmentVariables: { to: 'startScriptContent', note: 'exported before the program' },
    workingDirectory: { to: 'startScriptContent', note: 'the start script changes into it first' },
    timeLimitSeconds: {
      to: 'timeoutLimit',
      ...(seconds === undefined ? { required: true } : { default: seconds }),
      note: 'a container may outlive its script',
    },
  }
}

function jobOf(item: Json, settings: ScnetSettings, literals: readonly string[]): Observation<'job'> | null {
  const observation = observationOf(item, settings, literals)
  if (observation === null) return null
  const { rawState } = observation
  const { startedAt, endedAt } = timesOf(item, settings.timeOffset)
  return {
    ...observation,
    ...outcomeOf(rawState, (rawState === 'Completed' || rawState === 'Terminated') && hasReachedLimit(item, settings)),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined || !ended.includes(rawState) ? {} : { endedAt }),
  }
}

/**
 * The final state of a container at its time limit is not documented, so one that ran that long never counts as a
 * success.
 */
function outcomeOf(rawState: string, isAtLimit: boolean): Pick<Observation<'job'>, 'status' | 'reason' | 'message'> {
  if (isAtLimit) {
    const message = `SCNet reports ${rawState} after as long as timeLimitSeconds allows.`
    return { status: 'failed', reason: 'time_limit', message }
  }
  const status = (Object.hasOwn(states, rawState) ? states[rawState] : undefined) ?? null
  if (status === 'succeeded') {
    return { status, message: 'Inferred from Completed: SCNet reports no exit code for containers.' }
  }
  return status === 'failed' ? { status, message: 'SCNet reports Failed without a reason.' } : { status }
}
