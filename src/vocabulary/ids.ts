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
} as const

export type IdOf = keyof typeof idPrefixes

/** A new id: a TypeID over UUIDv7, so ids of one prefix sort by the time they were made (to the millisecond). */
export function makeId(of: IdOf): string {
  return typeidUnboxed(idPrefixes[of])
}

const suffix = '[0-7][0-9a-hjkmnp-tv-z]{25}'

/** The JSON schema of such an id. */
export function idSchema(of: IdOf, description: string): TString {
  return Type.String({
    pattern: `^${idPrefixes[of]}_${suffix}$`,
    description,
    examples: [`${idPrefixes[of]}_01h455vb4pex5vsknk084sn02q`],
  })
}
