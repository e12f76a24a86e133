import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { JsonObject } from '../vocabulary/json.ts'

/** Encrypts what a table may hold but nobody may read. */
export interface SecretBox {
  /** Sealed for one row, with the first key: moved to another row, it does not open. */
  seal(rowId: string, secret: JsonObject): string
  /** @throws when none of the keys is the one, or the text was changed or moved. The error names neither. */
  open(rowId: string, sealed: string): JsonObject
  /** What every text begins with that is sealed with the first key: the others are to be sealed anew. */
  readonly sealedPrefix: string
  /**
   * Tells equal texts without being open to guesses, in hex: by the first key, and by the others, under which an
   * earlier one may stand.
   */
  digest(text: string): { digest: string; byOtherKeys: readonly string[] }
}

const format = 'v1'

interface Key {
  id: string
  bytes: Buffer
}

/**
 * AES-256-GCM with a fresh nonce each time and the row's id as associated data, under a ring of keys (with commas
 * between them): the first seals, each opens. Sealed text names its key by a short fingerprint, so that keys can be
 * changed while everything runs.
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
  // A shorter tag would be easier to forge.
  const opening = createDecipheriv('aes-256-gcm', key.bytes, Buffer.from(sealed.nonce, 'base64url'), {
    authTagLength: 16,
  })
    .setAAD(Buffer.from(sealed.rowId))
    .setAuthTag(Buffer.from(sealed.tag, 'base64url'))
  const parts = [opening.update(Buffer.from(sealed.text, 'base64url')), opening.final()]
  return JSON.parse(Buffer.concat(parts).toString('utf8'))
}

/** A key of its own, so that what is told about digests tells nothing about what is sealed. */
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
