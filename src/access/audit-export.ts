import { idAt } from '../vocabulary/ids.ts'
import type { AuditEntry, AuditFilter } from './audit.repository.ts'
import { type AuditExportRepository, exportDelayMs } from './audit-export.repository.ts'

export type AuditExport = ReturnType<typeof makeAuditExport>

/** The lowest text that sorts before every id. */
const first = ''

/**
 * Matching entries as lines of JSON, oldest first, chunk by chunk as they are read. Ends with the entries of a minute
 * ago: an export that resumes after the last id misses none.
 */
export function makeAuditExport(repository: AuditExportRepository) {
  return async function* exportAudit(filter: AuditFilter, after: string | null): AsyncGenerator<string> {
    const before = idAt('audit', (await repository.now()).getTime() - exportDelayMs)
    for (let from: string | null = after ?? first; from !== null; ) {
      const { entries, last }: Awaited<ReturnType<AuditExportRepository['next']>> = await repository.next(filter, {
        ...{ after: from, before },
      })
      // Also without a match: the response begins, and ends if the client has gone.
      yield entries.map(lineOf).join('')
      from = last
    }
  }
}

export function entryViewOf({ at, objectId, ...entry }: AuditEntry) {
  return { ...entry, at: at.toISOString(), ...(objectId === null ? {} : { objectId }) }
}

function lineOf(entry: AuditEntry): string {
  return `${JSON.stringify(entryViewOf(entry))}\n`
}
