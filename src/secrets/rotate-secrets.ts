import { type SealedRow, type SealedRowsRepository, type SealedTable, sealedTables } from './sealed-rows.repository.ts'
import type { SecretBox } from './secret-box.ts'

/** What a rotation has done in one table. */
export interface Rotated {
  table: SealedTable
  /** Sealed anew, with the first key. */
  count: number
  /** Rows that no key of the ring opens, by id. They are as they were. */
  unopenable: readonly string[]
  /** False: rows went on being sealed with another key. A process runs whose first key is another one. */
  isComplete: boolean
}

/** So many walks that still find something are no coincidence. */
const maxScans = 50

interface Deps {
  repository: SealedRowsRepository
  secretBox: Pick<SecretBox, 'open' | 'seal' | 'sealedPrefix'>
  /** Told after each page. */
  onProgress(progress: { table: SealedTable; count: number }): void
  pageSize?: number
}

/**
 * Seals everything anew that another key than the first has sealed, page by page, while others read and write: a row
 * is replaced only as it was read, and what was written meanwhile under an old key is found by another walk. Ends when
 * a walk finds nothing more to do; can be broken off and repeated at any time.
 */
export async function rotateSecrets(deps: Deps): Promise<readonly Rotated[]> {
  const results: Rotated[] = []
  for (const table of sealedTables) results.push(await rotateTable(deps, table))
  return results
}

async function rotateTable(deps: Deps, table: SealedTable): Promise<Rotated> {
  const unopenable = new Set<string>()
  let count = 0
  const onPage = (more: number) => {
    count += more
    deps.onProgress({ table, count })
  }
  for (let left = maxScans; left > 0; left -= 1) {
    const found = await scan(deps, table, unopenable, onPage)
    if (found === 0) return { table, count, unopenable: [...unopenable], isComplete: true }
  }
  return { table, count, unopenable: [...unopenable], isComplete: false }
}

/** One walk over a table. Answers how many rows it found that could be opened. */
async function scan(
  { repository, secretBox, pageSize = 200 }: Deps,
  table: SealedTable,
  unopenable: Set<string>,
  onPage: (count: number) => void,
): Promise<number> {
  let found = 0
  let after = ''
  for (;;) {
    const rows = await repository.otherwiseSealed(table, { prefix: secretBox.sealedPrefix, after, limit: pageSize })
    const last = rows.at(-1)
    if (last === undefined) return found
    const sealedAnew = rows.flatMap((row) => reseal(secretBox, row, unopenable))
    found += sealedAnew.length
    if (sealedAnew.length > 0) onPage(await repository.replace(table, sealedAnew))
    after = last.id
  }
}

function reseal(secretBox: Deps['secretBox'], { id, sealed }: SealedRow, unopenable: Set<string>) {
  try {
    const to = secretBox.seal(id, secretBox.open(id, sealed))
    unopenable.delete(id)
    return [{ id, from: sealed, to }]
  } catch {
    unopenable.add(id)
    return []
  }
}
