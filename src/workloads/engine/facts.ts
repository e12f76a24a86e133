import type { Driver } from '../../providers/driver.ts'
import type { Action, Kind } from '../../vocabulary/kinds.ts'
import type { Facts, PollIntervals } from '../kind.ts'
import type { Workload } from '../workload.ts'
import type { ClaimFacts } from './leases.repository.ts'

/** Facts of a reconcile pass, from the claim and the driver. */
export function factsOf<K extends Kind>(
  known: ClaimFacts,
  workload: Workload<K>,
  driver: Driver<K>,
  pollIntervals: PollIntervals,
): Facts<K> {
  return {
    ...bareFacts<K>(known, pollIntervals),
    traits: driver.traits,
    actions: Object.keys(driver.controls) as Action<K>[],
    ...observedFacts(workload, driver),
  }
}

/** Facts that follow from the latest observation. */
export function observedFacts<K extends Kind>(
  workload: Workload<K>,
  driver: Driver<K>,
): Pick<Facts<K>, 'needsUpdate' | 'rawStatus'> {
  const { rawState } = workload
  return {
    needsUpdate: isUpdateDue(workload, driver),
    rawStatus: rawState === null ? null : (driver.states[rawState] ?? null),
  }
}

/**
 * A client's change is sent once. What the create could not carry is sent when an observation shows that it is missing.
 */
function isUpdateDue<K extends Kind>(
  { specVersion, appliedSpecVersion, spec, rawState, remotePayload }: Workload<K>,
  driver: Driver<K>,
): boolean {
  if (driver.update === undefined || rawState === null || appliedSpecVersion >= specVersion) return false
  return specVersion > 1 || (driver.needsUpdate?.(spec, { rawState, payload: remotePayload }) ?? false)
}

/** Facts if no driver could be opened; nothing can be sent with them. */
export function bareFacts<K extends Kind>(known: ClaimFacts, pollIntervals: PollIntervals): Facts<K> {
  const {
    now,
    notBefore,
    pauseReason,
    connectionFailures,
    connectionHeld,
    creationHeld = false,
    environmentStatus,
    environmentRemoteId,
    environmentDesired,
    attempt,
    firstSentAt,
    attemptsInDoubt,
    hasLiveJobs,
  } = known
  return {
    now,
    traits: { listConsistencyLagMs: 0, maxProcessingMs: 0, uniqueNames: false, enforces: [] },
    actions: [],
    connection: { notBefore, pauseReason, hasFailed: connectionFailures > 0, isHeld: connectionHeld },
    isCreationHeld: creationHeld,
    environment:
      environmentStatus === null || environmentDesired === null
        ? null
        : { status: environmentStatus, remoteId: environmentRemoteId, desired: environmentDesired },
    hasLiveJobs,
    needsUpdate: false,
    rawStatus: null,
    attempt,
    firstSentAt,
    attemptsInDoubt,
    pollIntervals,
  }
}
