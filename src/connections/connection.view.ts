import type { Connection } from './connection.ts'

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
