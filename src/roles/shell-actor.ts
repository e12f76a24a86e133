import { hostname, userInfo } from 'node:os'
import type { Actor } from '../vocabulary/actor.ts'

/** An operator at a terminal, who reaches the database past the API: so they stand in the audit log. */
export function shellActor(): Actor {
  return { subject: `shell:${userInfo().username}`, address: hostname(), requestId: '' }
}
