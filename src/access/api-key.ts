import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { idPrefixes } from '../vocabulary/ids.ts'
import type { Scope } from '../vocabulary/scopes.ts'

/** Stored data of a key, without the key itself. */
export interface ApiKey {
  id: string
  projectId: string
  name: string
  scopes: readonly Scope[]
  createdAt: Date
  expiresAt: Date | null
  revokedAt: Date | null
  lastUsedAt: Date | null
}

const form = /^sy_([0-7][0-9a-hjkmnp-tv-z]{25})_[A-Za-z0-9_-]{43}$/

/** Creates the text of the key `id`: `sy_<id>_<secret>`, the secret with 256 random bits. Shown once. */
export function generateKey(id: string): string {
  return `sy_${id.slice(idPrefixes.apiKey.length + 1)}_${randomBytes(32).toString('base64url')}`
}

/** Id in a key; null if the text has another form (a bootstrap key may be any text). */
export function idOfKey(key: string): string | null {
  const match = form.exec(key)
  return match === null ? null : `${idPrefixes.apiKey}_${match[1]}`
}

export function hashOfKey(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}

/** Whether the key has this hash, compared in constant time. */
export function hasHash(key: string, hash: Uint8Array): boolean {
  return hash.length === 32 && timingSafeEqual(hashOfKey(key), hash)
}
