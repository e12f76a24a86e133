import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { JsonObject } from '../vocabulary/json.ts'

/** Encrypts secrets for storage in the database. */
export interface SecretBox {
  /** Encrypts with the first key, bound to one row: in another row, it cannot be decrypted. */
  seal(rowId: string, secret: JsonObject): string
  /** @throws if no key matches, or the text was modified or moved. The error contains neither key nor text. */
  open(rowId: string, sealed: string): JsonObject
  /** Prefix of all texts sealed with the first key: all others need rotation. */
  readonly sealedPrefix: string
  /**
   * Keyed digests, in hex, to compare texts without exposing them to guessing: by the first key, and by the others, for
   * digests stored under an earlier key.
   */
  digest(text: string): { digest: string; byOtherKeys: readonly string[] }
}

const format = 'v1'

interface Key {
  id: string
  bytes: Buffer
}

/**
 * AES-256-GCM with a random nonce per text and the row id as associated data, with a comma-separated list of keys: the
 * first encrypts, all decrypt. Sealed text names its key by a short fingerprint, so that keys can be rotated without
 * downtime.
 */
export function makeSecretBox(secretsKeys: string): SecretBox {
  const keys = secretsKeys.split(',').map(readKey)
  const [first, ...others] = keys
  if (first === undefined) throw new Error('A secrets key is required.')
  return {
    sealedPrefix: `${format}.${first.id}.`,

    seal(rowId, secret) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', first.bytes, nonce).setAAD(Buffer.from(rowId))
      const text = Buffer.concat([cipher.update(JSON.stringify(secret), 'utf8'), cipher.final()])
      return [format, first.id, ...[nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join(
        '.',
      )
    },

    open(rowId, sealed) {
      const [version, keyId, nonce, tag, text] = sealed.split('.')
      if (version !== format || nonce === undefined || tag === undefined || text === undefined)
        throw new Error('Not a sealed secret.')
      const key = keys.find(({ id }) => id === keyId)
      if (key === undefined)
        throw new Error(`Sealed with key ${keyId}; SECRETS_KEY has ${keys.map(({ id }) => id).join(', ')}.`)
      return decipher(key, { rowId, nonce, tag, text })
    },

    digest: (text) => ({ digest: digestBy(first, text), byOtherKeys: others.map((key) => digestBy(key, text)) }),
  }
}

function decipher(key: Key, sealed: { rowId: string; nonce: string; tag: string; text: string }): JsonObject {
  // Shorter authentication tags are easier to forge.
  const opening = createDecipheriv('aes-256-gcm', key.bytes, Buffer.from(sealed.nonce, 'base64url'), {
    authTagLength: 16,
  })
    .setAAD(Buffer.from(sealed.rowId))
    .setAuthTag(Buffer.from(sealed.tag, 'base64url'))
  const parts = [opening.update(Buffer.from(sealed.text, 'base64url')), opening.final()]
  return JSON.parse(Buffer.concat(parts).toString('utf8'))
}

/** Uses a derived key, so that digests reveal nothing about the encrypted texts. */
function digestBy({ bytes }: Key, text: string): string {
  const digestKey = Buffer.from(hkdfSync('sha256', bytes, '', 'switchyard digest', 32))
  return createHmac('sha256', digestKey).update(text).digest('hex')
}

/** 32 bytes, as 64 hex digits or base64. */
function readKey(given: string): Key {
  const text = given.trim()
  const bytes = Buffer.from(text, /^[0-9a-fA-F]{64}$/.test(text) ? 'hex' : 'base64')
  if (bytes.length !== 32) throw new Error('A secrets key has 32 bytes.')
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes }
}
