import type { Driver } from '../../providers/driver.ts'
import { pointerTo } from '../../providers/error-field-mapping.ts'
import type { Found, Observation } from '../../providers/observation.ts'
import { type Hide, hideInError, redactObservation } from '../../secrets/redact-secrets.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { belongsToOther } from '../apply/observe.ts'
import type { Outcome } from '../apply/outcome.ts'
import type { Workload } from '../workload.ts'
import { createOnce } from './create-attempt.ts'
import {
  callSignal,
  type ExecutableStep,
  type Executed,
  type ExecutionContext,
  type ExecutionDeps,
  later,
  orFailure,
  type PreparedContext,
} from './execution-context.ts'
import { recoverCreated } from './recover-created.ts'

/**
 * Executes a step. No transaction is open during a provider call, and every provider failure becomes an outcome.
 * Null if the lease was lost before anything was sent.
 */
export type Execute = <K extends Kind>(
  context: ExecutionContext<K>,
  step: ExecutableStep<K>,
) => Promise<Executed<K> | null>

type Failed<K extends Kind> = Extract<Outcome<K>, { did: 'fail' }>

export function makeExecute(deps: ExecutionDeps): Execute {
  return async (context, step) => {
    const secrets = await deps.secretsOf(context.claimed.workload)
    const startedMs = deps.clock.monotonicMs()
    const executed =
      step.do === 'create'
        ? await createOnce(deps, { ...context, secrets }, startedMs)
        : await executeStep(deps, { ...context, secrets }, step, startedMs)
    if (executed === null) return null
    const outcome = withoutSecrets(executed.outcome, secrets.hide)
    return { ...executed, outcome: outcome.did === 'fail' ? pointed(context, outcome) : outcome }
  }
}

/** Maps a field that the provider rejects to the field of the request it came from. */
function pointed<K extends Kind>({ driver, claimed }: ExecutionContext<K>, failed: Failed<K>): Failed<K> {
  const { parameter } = failed.error
  const pointer = parameter === undefined ? undefined : pointerTo(driver.accepts, claimed.workload.spec, parameter)
  return pointer === undefined ? failed : { ...failed, pointer }
}

async function executeStep<K extends Kind>(
  deps: ExecutionDeps,
  context: PreparedContext<K>,
  step: Exclude<ExecutableStep<K>, { do: 'create' }>,
  startedMs: number,
): Promise<Executed<K>> {
  const operation = step.do === 'control' || step.do === 'update' ? 'control' : 'read'
  const outcome = await orFailure(operation, () => callProvider(deps, context, step))
  return { workload: context.claimed.workload, facts: later(deps, context.facts, startedMs), outcome }
}

/** Removes the workload's secrets from everything the provider returned. */
function withoutSecrets<K extends Kind>(outcome: Outcome<K>, hide: Hide): Outcome<K> {
  switch (outcome.did) {
    case 'create': {
      const { seen, ignored, ...created } = outcome.created
      const shown = {
        ...(seen === undefined ? {} : { seen: redactObservation(hide, seen) }),
        ...(ignored === undefined ? {} : { ignored: ignored.map((each) => hide.text(each)) }),
      }
      return { ...outcome, created: { ...created, ...shown } }
    }
    case 'find':
      return { ...outcome, found: foundWithoutSecrets(outcome.found, hide) }
    case 'get':
      return outcome.seen === 'gone' ? outcome : { ...outcome, seen: redactObservation(hide, outcome.seen) }
    case 'fail':
      return { ...outcome, error: hideInError(hide, outcome.error) }
    default:
      return outcome
  }
}

function foundWithoutSecrets<K extends Kind>(found: Found<K>, hide: Hide): Found<K> {
  if ('found' in found) return { ...found, found: found.found.map((seen) => redactObservation(hide, seen)) }
  return 'inconclusive' in found ? { inconclusive: hide.text(found.inconclusive) } : found
}

async function callProvider<K extends Kind>(
  deps: ExecutionDeps,
  context: PreparedContext<K>,
  step: Exclude<ExecutableStep<K>, { do: 'create' }>,
): Promise<Outcome<K>> {
  const { claimed, driver, secrets } = context
  const { workload } = claimed
  switch (step.do) {
    case 'find':
      return recoverCreated(deps, context)
    case 'get':
      return { did: 'get', seen: await readObject(deps, workload, driver) }
    case 'update':
      await driver.update?.(remoteIdOf(workload), secrets.fill(workload.spec), callSignal(deps))
      return { did: 'update' }
    case 'control': {
      const before = driver.traits.reusesIds === true ? await readBefore(deps, workload, driver) : null
      if (before !== null && (before.did === 'fail' || before.seen === 'gone')) return before
      const requested = workload.imported ? undefined : workload.spec
      await driver.controls[step.action]?.(remoteIdOf(workload), callSignal(deps), requested)
      return { did: 'control', action: step.action, isIntermediate: step.isIntermediate ?? false }
    }
    case 'settle':
      return { did: 'settle', change: step.change }
    default:
      return step satisfies never
  }
}

/**
 * Where ids are reused, an action could hit another owner's object. A failure of this read is not a failure of the
 * action.
 */
function readBefore<K extends Kind>(deps: ExecutionDeps, workload: Workload<K>, driver: Driver<K>) {
  return orFailure('read', async () => ({ did: 'get' as const, seen: await readObject(deps, workload, driver) }))
}

async function readObject<K extends Kind>(
  deps: ExecutionDeps,
  workload: Workload<K>,
  driver: Driver<K>,
): Promise<Observation<K> | 'gone'> {
  const seen = await driver.get(remoteIdOf(workload), callSignal(deps))
  return seen !== 'gone' && belongsToOther(workload, seen) ? 'gone' : seen
}

function remoteIdOf(workload: Workload): string {
  if (workload.remoteId === null) throw new Error(`${workload.id} has no remote id`)
  return workload.remoteId
}
