import { hostname, userInfo } from 'node:os'
import type { Actor } from '../vocabulary/actor.ts'

/** An operator at a terminal, who reaches the database past the API: so they stand in the audit log. */
export function shellActor(): Actor {
  return { subject: `shell:${userName()}`, address: hostname(), requestId: '' }
}

/** In a container the user may have a number only. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
