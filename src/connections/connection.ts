import type { JsonObject } from '../vocabulary/json.ts'
import type { NetworkView } from './network.ts'

/** A project's account at a provider. Never contains its credentials. */
export interface Connection {
  id: string
  projectId: string
  provider: string
  name: string
  settings: JsonObject
  /** What the last verification found that the settings leave open; null before. */
  discovered?: JsonObject | null
  /** How the provider is reached, without secrets; null = by the installation's egress. */
  network?: NetworkView | null
  version: number
  /** Paused until this time; see `pauseReason`. */
  notBefore: Date | null
  /** Held by an operator: all calls over it are suspended. */
  held: boolean
  pauseReason: string | null
  verifiedAt: Date | null
  createdAt: Date
  updatedAt: Date
}

/** The connection as returned to clients, without credentials. */
export function viewOf(connection: Connection) {
  const { id, provider, name, held, settings, version, notBefore, pauseReason, verifiedAt, createdAt, updatedAt } =
    connection
  const { network, discovered } = connection
  return {
    ...{ id, provider, name, settings: { [provider]: settings }, version, held },
    ...(discovered === undefined || discovered === null ? {} : { discovered: { [provider]: discovered } }),
    ...(network === undefined || network === null || Object.keys(network).length === 0 ? {} : { network }),
    ...(notBefore === null ? {} : { pausedUntil: notBefore.toISOString() }),
    ...(notBefore === null || pauseReason === null ? {} : { pauseReason }),
    ...(verifiedAt === null ? {} : { verifiedAt: verifiedAt.toISOString() }),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  }
}
