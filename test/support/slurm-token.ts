import { createHmac } from 'node:crypto'

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A user token, signed with the key of the cluster. */
export function tokenOf({ key, user }: { key: string; user: string }, validSeconds: number): string {
  const iat = Math.floor(Date.now() / 1000)
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ exp: iat + validSeconds, iat, sun: user })}`
  return `${signed}.${createHmac('sha256', Buffer.from(key, 'base64')).update(signed).digest('base64url')}`
}
