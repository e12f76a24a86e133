import { exitCodes } from '../exit-codes.ts'

/**
 * Runs a command that ends with Ctrl-C or SIGTERM: the signal is aborted, and the exit code is that of the interruption.
 * A second Ctrl-C ends the process immediately.
 */
export async function untilInterrupted(command: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController()
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted)
    controller.abort()
  }
  // Not `once`: a library that restores the cursor ends the process if it finds no other listener.
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  try {
    return await command(controller.signal)
  } catch (error) {
    if (!controller.signal.aborted) throw error
    return exitCodes.interrupted
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}
