import type { Json } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Driver } from '../driver.ts'
import type { Observation } from '../observation.ts'
import type { Traits } from '../traits.ts'
import type { ScnetClient } from './client.ts'
import { accessTo, catalogOf } from './container-access.ts'
import { driveContainers } from './container-driver.ts'
import { hasReachedLimit, makeContainers, observationOf, timesOf } from './containers.ts'
import { isAboutObject } from './errors.ts'
import { containerAccepts, containerTagLength, environmentContainer, environmentErrors } from './mapping.ts'
import { environmentOptions } from './options.ts'
import type { ScnetSettings } from './settings.ts'

/** The six states of container/query, with their meaning from the console's help. No transition table is published. */
const states: Readonly<Record<string, Status<'environment'>>> = {
  Waiting: 'provisioning',
  Deploying: 'provisioning',
  Running: 'running',
  Terminated: 'stopped',
  Completed: 'stopped',
  Failed: 'failed',
}

/** Neither value is documented. */
export const containerTraits: Pick<Traits, 'listConsistencyLagMs' | 'maxProcessingMs' | 'uniqueNames'> = {
  listConsistencyLagMs: 60_000,
  maxProcessingMs: 120_000,
  uniqueNames: false,
}

/** Container instances of the region's AI service. */
export function makeEnvironments(
  client: ScnetClient,
  settings: ScnetSettings,
  literals: readonly string[],
): Driver<'environment'> {
  const containers = makeContainers(client, settings)
  const driven = driveContainers<'environment'>(containers, settings, {
    bodyOf: (intent) => environmentContainer(intent, settings),
    observe: (item) => environmentOf(item, settings, literals),
  })

  /**
   * The response to an action on an object that is already in the target state is not documented, so a rejected action
   * reads the state.
   */
  async function unlessInState(
    action: Promise<void>,
    remoteId: string,
    target: TargetStates,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await action
    } catch (error) {
      if (!isAboutObject(error)) throw error
      const seen = await driven.get(remoteId, signal)
      if (seen === 'gone' ? target.gone : target.states.includes(seen.rawState)) return
      throw error
    }
  }

  return {
    ...driven,
    accepts: {
      ...containerAccepts(settings),
      environmentVariables: { to: 'startScriptContent', note: 'exported before `startupScript`, which is required' },
      interfaces: { to: 'taskType', maxItems: 1, default: ['jupyter'], note: 'exactly one' },
      autoStop: { to: 'timeoutLimit', note: 'absent = unlimited' },
      'autoStop.afterSeconds': { to: 'timeoutLimit' },
      'autoStop.basis': { to: '', values: ['running'] },
      startupScript: { to: 'startScriptContent, useStartScript' },
      startupScriptScope: { to: 'startScriptActionScope', default: 'all', note: '`first` is sent as header' },
    },
    options: environmentOptions,
    states,
    traits: {
      ...containerTraits,
      enforces: ['autoStop'],
      // Whether a running container can be deleted is not documented. A waiting one may wait for long, so its delete is
      // attempted.
      deletableIn: ['provisioning', 'stopped', 'failed'],
    },
    tagLength: containerTagLength,
    check: environmentErrors,

    controls: {
      start: (remoteId, signal) =>
        unlessInState(
          containers.start(remoteId, signal),
          remoteId,
          { states: ['Waiting', 'Deploying', 'Running'] },
          signal,
        ),
      stop: (remoteId, signal) =>
        unlessInState(containers.stop(remoteId, signal), remoteId, { states: ended, gone: true }, signal),
      delete: (remoteId, signal) =>
        unlessInState(containers.delete(remoteId, signal), remoteId, { states: [], gone: true }, signal),
    },

    access: (remoteId, signal) => accessTo(containers, remoteId, signal),
    catalog: (signal) => catalogOf(containers, signal),
  }
}

interface TargetStates {
  states: readonly string[]
  gone?: true
}

export const ended = ['Terminated', 'Completed', 'Failed']

function environmentOf(
  item: Json,
  settings: ScnetSettings,
  literals: readonly string[],
): Observation<'environment'> | null {
  const observation = observationOf(item, settings, literals)
  if (observation === null) return null
  const { rawState } = observation
  const { startedAt } = timesOf(item, settings.timeOffset)
  const isAutoStopped = (rawState === 'Terminated' || rawState === 'Completed') && hasReachedLimit(item, settings)
  return {
    ...observation,
    status: (Object.hasOwn(states, rawState) ? states[rawState] : undefined) ?? null,
    ...(isAutoStopped ? { reason: 'auto_stopped' as const } : {}),
    ...(rawState === 'Failed' ? { message: 'SCNet reports Failed without a reason.' } : {}),
    ...(startedAt === undefined ? {} : { startedAt }),
  }
}
