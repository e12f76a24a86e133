import { type TString, Type } from '@sinclair/typebox'
import { typeidUnboxed } from 'typeid-js'

/** What an id names. The prefix is part of the id, so that an id in a log line says what it is. */
export const idPrefixes = {
  job: 'job',
  environment: 'env',
  connection: 'conn',
  event: 'evt',
  project: 'prj',
  apiKey: 'key',
  audit: 'aud',
  webhookEndpoint: 'whk',
  webhookDelivery: 'whd',
} as const

export type IdOf = keyof typeof idPrefixes

/** A new id: a TypeID over UUIDv7, so ids of one prefix sort by the time they were made (to the millisecond). */
export function makeId(of: IdOf): string {
  return typeidUnboxed(idPrefixes[of])
}

const suffix = '[0-7][0-9a-hjkmnp-tv-z]{25}'

const digits = '0123456789abcdefghjkmnpqrstvwxyz'

/** The lowest id that could have been made then, in epoch ms: what begins an id is its time, in ten digits of 5 bits. */
export function idAt(of: IdOf, ms: number): string {
  const at = BigInt(Math.min(Math.max(ms, 0), 2 ** 48 - 1))
  const time = Array.from({ length: 10 }, (_, index) => digits[Number((at >> BigInt(45 - 5 * index)) & 31n)])
  return `${idPrefixes[of]}_${time.join('')}`
}

/** The JSON schema of such an id. */
export function idSchema(of: IdOf, description: string): TString {
  return Type.String({
    pattern: `^${idPrefixes[of]}_${suffix}$`,
    description,
    examples: [`${idPrefixes[of]}_01h455vb4pex5vsknk084sn02q`],
  })
}
