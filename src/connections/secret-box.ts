import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import type { JsonObject } from '../vocabulary/json.ts'

/** Encrypts what a table may hold but nobody may read. */
export interface SecretBox {
  /** Sealed for one row: moved to another, it does not open. */
  seal(rowId: string, secret: JsonObject): string
  /** @throws when the key is another one, or the text was changed or moved. The error names neither. */
  open(rowId: string, sealed: string): JsonObject
}

const format = 'v1'

/**
 * AES-256-GCM with a fresh nonce each time and the row's id as associated data.
 * Sealed text names its key by a short fingerprint, so that keys can be changed one by one.
 */
export function makeSecretBox(secretsKey: string): SecretBox {
  const key = readKey(secretsKey)
  const keyId = createHash('sha256').update(key).digest('hex').slice(0, 8)

  return {
    seal(rowId, secret) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(rowId))
      const text = Buffer.concat([cipher.update(JSON.stringify(secret), 'utf8'), cipher.final()])
      return [format, keyId, ...[nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.')
    },

    open(rowId, sealed) {
      const [version, sealedWith, nonce, tag, text] = sealed.split('.')
      if (version !== format || nonce === undefined || tag === undefined || text === undefined)
        throw new Error('Not a sealed secret.')
      if (sealedWith !== keyId)
        throw new Error(`This secret was sealed with key ${sealedWith}; SECRETS_KEY is key ${keyId}.`)
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'))
        .setAAD(Buffer.from(rowId))
        .setAuthTag(Buffer.from(tag, 'base64url'))
      return JSON.parse(
        Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8'),
      )
    },
  }
}

/** 32 bytes, as 64 hex digits or base64. */
function readKey(text: string): Buffer {
  const key = Buffer.from(text, /^[0-9a-fA-F]{64}$/.test(text) ? 'hex' : 'base64')
  if (key.length !== 32) throw new Error('A secrets key has 32 bytes.')
  return key
}
