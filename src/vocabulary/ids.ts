import { type TString, Type } from '@sinclair/typebox'
import { typeidUnboxed } from 'typeid-js'

/** Prefix of the ids of each resource type, so that an id in a log line shows its type. */
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
  creationHold: 'hold',
} as const

export type IdOf = keyof typeof idPrefixes

/** Creates an id: a TypeID over UUIDv7, so ids with one prefix sort by creation time (to the millisecond). */
export function makeId(of: IdOf): string {
  return typeidUnboxed(idPrefixes[of])
}

const suffix = '[0-7][0-9a-hjkmnp-tv-z]{25}'

const digits = '0123456789abcdefghjkmnpqrstvwxyz'

/** Lowest possible id at a time in epoch ms: an id starts with its time, in ten digits of 5 bits. */
export function idAt(of: IdOf, ms: number): string {
  const at = BigInt(Math.min(Math.max(ms, 0), 2 ** 48 - 1))
  const time = Array.from({ length: 10 }, (_, index) => digits[Number((at >> BigInt(45 - 5 * index)) & 31n)])
  return `${idPrefixes[of]}_${time.join('')}`
}

/** JSON schema of an id. */
export function idSchema(of: IdOf, description: string): TString {
  return Type.String({
    pattern: `^${idPrefixes[of]}_${suffix}$`,
    description,
    examples: [`${idPrefixes[of]}_01h455vb4pex5vsknk084sn02q`],
  })
}
