import { setTimeout as sleep } from 'node:timers/promises'
import { isDataError } from '../../infra/database-errors.ts'
import type { Log } from '../ports.ts'
import type { Write, Written } from './writes.repository.ts'

interface Deps {
  write(write: Write): Promise<Written>
  /** Writes the adoption of an object without a correlation tag. */
  adopt(write: Write, remoteId: string): Promise<Written>
  log: Log
  shutdown: AbortSignal
}

const firstPauseMs = 200
const longestPauseMs = 5000

/**
 * Retries a write that carries a provider's response to a create until it succeeds, since the response is stored
 * nowhere else. Any other write may fail: its lease expires and the next process repeats the read.
 */
export function makeRetryingWrite({ write, adopt, log, shutdown }: Deps): (write: Write) => Promise<Written> {
  return async (item) => {
    const { isUntagged = false, remoteId = null } = item.attemptResult ?? {}
    const attempt = () => (isUntagged && remoteId !== null ? adopt(item, remoteId) : write(item))
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await attempt()
      } catch (error) {
        if (item.attemptResult === null || isDataError(error) || shutdown.aborted) throw error
        log.warn({ err: error, workloadId: item.id, pauseMs }, 'provider response not saved; retrying')
        await sleep(pauseMs)
      }
    }
  }
}
