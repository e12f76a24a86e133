import { hasHash, hashOfKey, idOfKey } from './api-key.ts'
import type { ApiKeysRepository, ValidKey } from './api-keys.repository.ts'

/** The record of a key that is neither unknown nor expired nor revoked; null for any other text. */
export async function findValidKey(keys: Pick<ApiKeysRepository, 'valid'>, key: string): Promise<ValidKey | null> {
  const row = await keys.valid({ id: idOfKey(key), hash: hashOfKey(key) })
  return row !== null && hasHash(key, row.hash) ? row : null
}
