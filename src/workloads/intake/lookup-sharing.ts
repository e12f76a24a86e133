import type { Kind } from '../../vocabulary/kinds.ts'
import type { ConsiderDeps } from './consider.ts'
import type { ResolveConnection, SubmissionBody, SubmitDeps } from './submission.ts'

/**
 * Lookups for the requests of one batch: the environments that they name are read in one statement, and each connection
 * is resolved once, whether it exists or not.
 */
export async function sharingLookups<K extends Kind>(
  { reads, resolveConnection }: Pick<SubmitDeps, 'reads' | 'resolveConnection'>,
  projectId: string,
  items: readonly { body: SubmissionBody<K> }[],
): Promise<ConsiderDeps> {
  const ids = [...new Set(items.flatMap(({ body }) => body.environmentId ?? []))]
  const environments = ids.length === 0 ? new Map() : await reads.byIds(projectId, 'environment', ids)
  return {
    reads: { get: async (_projectId, _kind, id) => environments.get(id) ?? null },
    resolveConnection: once(resolveConnection),
  }
}

function once(resolve: ResolveConnection): ResolveConnection {
  const resolved = new Map<string, ReturnType<ResolveConnection>>()
  return (projectId, target) => {
    const question = `${target.connectionId ?? ''}/${target.provider ?? ''}`
    const at = resolved.get(question) ?? resolve(projectId, target)
    resolved.set(question, at)
    return at
  }
}
