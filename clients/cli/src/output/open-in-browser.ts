import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../command-error.ts'
import { untilInterrupted } from '../waiting/interruption.ts'

/** Time in which a browser starts and reads the file; it does not report when it has. */
const startMs = 10_000

/**
 * Opens an address that may contain a token. Arguments of a program can be read by other users of the machine, so the
 * browser is given a file that only this user can read and that leads to the address. It is deleted after some seconds.
 */
export async function openInBrowser(url: string, onOpened: () => void): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-open-'))
  try {
    const path = join(directory, 'open.html')
    await writeFile(path, redirectTo(new URL(url)), { mode: 0o600 })
    // Ctrl-C ends only the time for which the file remains.
    await untilInterrupted(async (signal) => {
      await launch(path)
      onOpened()
      await sleep(startMs, undefined, { signal })
      return 0
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function redirectTo({ href }: URL): string {
  const address = href.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  return `<!doctype html><meta charset="utf-8"><title>Opening</title><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${address}"><a href="${address}">Continue</a>
`
}

async function launch(path: string): Promise<void> {
  const { default: open } = await import('open')
  try {
    await open(path)
  } catch (cause) {
    throw new CommandError('No browser can be started. Use --print, and open the address yourself.', { cause })
  }
}
