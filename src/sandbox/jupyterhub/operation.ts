import type { Call, Operation, ProviderResponse } from '../provider.ts'
import type { Caller, Callers } from './callers.ts'
import { errorResponse, HubError, isAboutScopes, unidentified } from './errors.ts'
import type { Store } from './store.ts'
import { majorOf } from './wire.ts'

/** The context of an operation. */
export interface OperationContext {
  store: Store
  caller: Caller | undefined
  callers: Callers
  call: Call
  /** Whether `?include_stopped_servers=1` was given. */
  withStopped: boolean
}

/** Executes an operation; may throw `HubError`. Each one checks its scopes. */
export type Execute = (context: OperationContext) => ProviderResponse

export interface OperationParts extends Pick<Operation, 'name' | 'method' | 'path' | 'isList' | 'isPublic'> {
  execute: Execute
}

export function defineOperation(
  { execute, ...operation }: OperationParts,
  { store, callers }: { store: Store; callers: Callers },
): Operation {
  return {
    ...operation,
    subjects: ({ params }) => [params.user, params.server],
    handle: (call) => {
      const includeStopped = (call.query.get('include_stopped_servers') ?? '0').toLowerCase()
      const withStopped = includeStopped !== '0' && includeStopped !== 'false'
      const caller = callers.of(call)
      try {
        return execute({ store, caller, callers, call, withStopped })
      } catch (error) {
        if (!(error instanceof HubError)) throw error
        const isUnidentified = caller === undefined && isAboutScopes(error) && majorOf(store.settings) >= 4
        return errorResponse(isUnidentified ? unidentified() : error, store.settings)
      }
    },
  }
}
