import type { JsonObject } from '../vocabulary/json.ts'

/** A project's account at a provider. Its credentials are never part of it. */
export interface Connection {
  id: string
  projectId: string
  provider: string
  name: string
  settings: JsonObject
  version: number
  /** No call before this moment, and why. */
  notBefore: Date | null
  /** An operator holds it: nothing is sent over it. */
  held: boolean
  pauseReason: string | null
  verifiedAt: Date | null
  createdAt: Date
  updatedAt: Date
}

/** What a client sees of a connection: its settings, and of its credentials nothing. */
export function viewOf(connection: Connection) {
  const { id, provider, name, held, settings, version, notBefore, pauseReason, verifiedAt, createdAt, updatedAt } =
    connection
  return {
    ...{ id, provider, name, settings: { [provider]: settings }, version, held },
    ...(notBefore === null ? {} : { pausedUntil: notBefore.toISOString() }),
    ...(notBefore === null || pauseReason === null ? {} : { pauseReason }),
    ...(verifiedAt === null ? {} : { verifiedAt: verifiedAt.toISOString() }),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  }
}
