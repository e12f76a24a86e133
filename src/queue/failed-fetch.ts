import { setTimeout as sleep } from 'node:timers/promises'
import type { IQueueBackend } from 'bullmq'

/** Between a fetch that failed and the next one. */
const pauseMs = 1000

/**
 * BullMQ's worker repeats a fetch that failed at once, for as long as it fails. Where the failure is known without asking
 * the server, such as missing tables, that loop never yields and nothing else in the process runs again. Here a failed
 * fetch waits before it reports.
 *
 * @param closing aborted when the worker closes, which must not wait for a pause
 */
export function pauseAfterFailedFetch(backend: IQueueBackend, closing: AbortSignal): void {
  const moveToActive = backend.moveToActive.bind(backend)
  backend.moveToActive = async (...fetch) => {
    try {
      return await moveToActive(...fetch)
    } catch (error) {
      await sleep(pauseMs, undefined, { signal: closing }).catch(() => {})
      throw error
    }
  }
}
