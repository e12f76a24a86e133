import { setTimeout as sleep } from 'node:timers/promises'
import { isDataError } from '../../infra/database-errors.ts'
import type { Log } from '../ports.ts'
import type { Write, Written } from './writes.repository.ts'

interface Deps {
  write(write: Write): Promise<Written>
  log: Log
  shutdown: AbortSignal
}

const firstPauseMs = 200
const longestPauseMs = 5000

/**
 * A write that carries a provider's answer to a create is repeated until it is written: the answer exists nowhere else.
 * Any other may fail; its lease runs out and the next process looks again.
 */
export function makeDurableWrite({ write, log, shutdown }: Deps): (write: Write) => Promise<Written> {
  return async (item) => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await write(item)
      } catch (error) {
        if (item.answer === null || isDataError(error) || shutdown.aborted) throw error
        log.warn({ err: error, workloadId: item.id, pauseMs }, 'provider response not saved; retrying')
        await sleep(pauseMs)
      }
    }
  }
}
