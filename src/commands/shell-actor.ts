import { hostname, userInfo } from 'node:os'
import type { Actor } from '../vocabulary/actor.ts'

/** The audit log actor for commands of an operator, which access the database directly. */
export function shellActor(): Actor {
  return { subject: `shell:${userName()}`, address: hostname(), requestId: '' }
}

/** In a container, the user may have no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
