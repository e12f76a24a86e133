import { constants } from 'node:os'

/** Exit codes of the program. Those of a job are the job's own: see {@link exitCodeOfJob}. */
export const exitCodes = {
  ok: 0,
  /** A request was rejected, or a check found a problem. */
  failed: 1,
  /** Invalid arguments or files; nothing was sent. */
  usage: 2,
  canceled: 121,
  unknownOutcome: 122,
  timedOut: 124,
  /** While waiting for a job: the program failed before the outcome was known. */
  waitFailed: 125,
  interrupted: 128 + constants.signals.SIGINT,
} as const

interface FinishedJob {
  status: string
  exitCode?: number
  signal?: number
}

/** Maps the outcome of a job to an exit code. A failed job never maps to 0. */
export function exitCodeOfJob({ status, exitCode = 0, signal = 0 }: FinishedJob): number {
  if (status === 'succeeded') return exitCodes.ok
  if (status === 'canceled') return exitCodes.canceled
  if (status !== 'failed') return exitCodes.unknownOutcome
  if (exitCode >= 1 && exitCode <= 255) return exitCode
  if (signal >= 1 && signal <= 64) return 128 + signal
  return exitCodes.failed
}
