import type { Created } from '../../providers/intent.ts'
import type { Found, Observation } from '../../providers/observation.ts'
import type { ProviderError } from '../../providers/provider-error.ts'
import type { Action, Kind } from '../../vocabulary/kinds.ts'
import type { Change } from '../kind.ts'
import type { AttemptOutcome, WorkloadError } from '../workload.ts'
import type { Operation } from './failure-policy.ts'

/** Outcome of a step. `absenceConclusive`: whether the scan ran in the window in which absence is conclusive. */
export type Outcome<K extends Kind = Kind> =
  | { readonly did: 'create'; readonly created: Created<K> }
  | { readonly did: 'find'; readonly found: Found<K>; readonly absenceConclusive: 'yes' | 'too_early' | 'too_late' }
  | { readonly did: 'get'; readonly seen: Observation<K> | 'gone' }
  | { readonly did: 'control'; readonly action: Action<K>; readonly isIntermediate: boolean }
  | { readonly did: 'update' }
  | { readonly did: 'settle'; readonly change: Change<K> }
  | {
      readonly did: 'fail'
      readonly operation: Operation
      readonly error: ProviderError
      /** JSON pointer to the field of the request that the provider rejects. */
      readonly pointer?: string
    }

/** The result of an attempt, recorded by any lease holder. */
export interface AttemptResult {
  number: number
  outcome: AttemptOutcome
  remoteId: string | null
  error: WorkloadError | null
  /** The object has no correlation tag, so another record may take it at the same time. */
  isUntagged?: boolean
}

export interface Applied<K extends Kind = Kind> {
  change: Change<K>
  attemptResult: AttemptResult | null
}
