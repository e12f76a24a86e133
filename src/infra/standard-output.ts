import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes that a pipe takes whole or not at all. */
const pipeBytes = 4096
/** Time between attempts to write to a full pipe. */
const retryMs = 20

/**
 * Writes lines to standard output, each of them whole. `process.stdout` would keep what a slow reader has not taken yet, so
 * that messages of the service would be written into the middle of a line, and would end the process once the reader has gone.
 *
 * @param text whole lines
 * @param signal ends the wait for a reader that has fallen behind, between two lines
 */
export async function writeLines(text: string, signal: AbortSignal): Promise<void> {
  for (const part of partsOf(text)) {
    const bytes = Buffer.from(part)
    for (let written = writeSome(bytes); written < bytes.length; written += writeSome(bytes.subarray(written))) {
      // Within a line, nothing else may be written.
      if (written === 0) await sleep(retryMs, undefined, { signal })
      else pause(retryMs)
    }
  }
}

/** Joins lines, as long as a pipe accepts them as a whole. */
function* partsOf(text: string): Generator<string> {
  let part = ''
  for (const each of text.split('\n').slice(0, -1)) {
    const line = `${each}\n`
    if (part !== '' && Buffer.byteLength(part) + Buffer.byteLength(line) > pipeBytes) {
      yield part
      part = ''
    }
    part += line
  }
  if (part !== '') yield part
}

/** Returns how many bytes were written: none if the reader has fallen behind. */
function writeSome(bytes: Buffer): number {
  try {
    return writeSync(1, bytes)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0
    throw error
  }
}

/** Without running anything else. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
