import { type SealedRow, type SealedRowsRepository, type SealedTable, sealedTables } from './sealed-rows.repository.ts'
import type { SecretBox } from './secret-box.ts'

/** The result of a rotation in one table. */
export interface Rotated {
  table: SealedTable
  /** Rows encrypted again, with the first key. */
  count: number
  /** Ids of rows that none of the keys decrypts. They are unchanged. */
  unopenable: readonly string[]
  /** False: a running process keeps encrypting rows with another key, because its first key differs. */
  isComplete: boolean
}

/** The rotation is incomplete if it still finds rows after this many scans. */
const maxScans = 50

interface Deps {
  repository: SealedRowsRepository
  secretBox: Pick<SecretBox, 'open' | 'seal' | 'sealedPrefix'>
  /** Called after each page. */
  onProgress(progress: { table: SealedTable; count: number }): void
  pageSize?: number
}

/**
 * Re-encrypts with the first key all secrets encrypted with another one, page by page, during concurrent reads and
 * writes: a row is replaced only if it is unchanged, and another scan finds rows written with an old key in the
 * meantime. Ends when a scan finds no more rows; can be interrupted and repeated at any time.
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

/** Scans a table once. Returns the number of rows found that could be decrypted. */
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
