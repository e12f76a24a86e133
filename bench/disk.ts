import { open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { median } from './medians.ts'

/** In-memory file systems, by their statfs(2) type. */
const inMemory: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
])

/** Rejects a directory in memory, where a commit costs nothing. */
export async function assertOnDisk(dir: string): Promise<void> {
  const kind = inMemory.get((await statfs(dir)).type)
  if (kind === undefined) return
  throw new Error(`${dir} is on ${kind}, where a commit costs nothing. Choose a directory on a disk with --dir.`)
}

const tries = 200

/** Median duration of fdatasync of a page in µs, the minimum wait of a commit. */
export async function fdatasyncMicros(dir: string): Promise<number> {
  const path = join(dir, 'fdatasync-of-the-bench')
  const file = await open(path, 'w')
  try {
    const page = Buffer.alloc(8192, 1)
    const durations: number[] = []
    for (let count = 0; count < tries; count++) {
      await file.write(page, 0, page.length, 0)
      const before = process.hrtime.bigint()
      await file.datasync()
      durations.push(Number(process.hrtime.bigint() - before) / 1000)
    }
    return median(durations)
  } finally {
    await file.close()
    await rm(path, { force: true })
  }
}
