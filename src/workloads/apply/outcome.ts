import type { Created, Found, Observation } from '../../providers/provider.ts'
import type { ProviderError } from '../../providers/provider-error.ts'
import type { Kind, Verb } from '../../vocabulary/kinds.ts'
import type { Change } from '../kind.ts'
import type { AttemptOutcome, WorkloadError } from '../workload.ts'
import type { Operation } from './failure-policy.ts'

/** What became of an action. `absentCounts`: the walk was late enough to prove something, and not too late. */
export type Outcome<K extends Kind = Kind> =
  | { readonly did: 'create'; readonly created: Created<K> }
  | { readonly did: 'find'; readonly found: Found<K>; readonly absentCounts: 'yes' | 'too_early' | 'too_late' }
  | { readonly did: 'get'; readonly seen: Observation<K> | 'gone' }
  | { readonly did: 'control'; readonly verb: Verb<K>; readonly step: boolean }
  | { readonly did: 'update' }
  | { readonly did: 'settle'; readonly change: Change<K> }
  | {
      readonly did: 'fail'
      readonly operation: Operation
      readonly error: ProviderError
      /** A JSON pointer to what of the request the provider blames. */
      readonly pointer?: string
    }

/** What is written to the ledger of attempts, whoever holds the lease. */
export interface Answer {
  number: number
  outcome: AttemptOutcome
  remoteId: string | null
  error: WorkloadError | null
}

export interface Applied<K extends Kind = Kind> {
  change: Change<K>
  answer: Answer | null
}
