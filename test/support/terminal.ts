import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { vi } from 'vitest'

const run = promisify(execFile)

/** A shell in a real terminal. */
export interface Terminal {
  /** Types text; `Enter`, `Tab` and `C-c` are keys. */
  type(...keys: string[]): Promise<void>
  /** The screen, without trailing spaces; with `colours` it contains escape sequences. */
  screen(options?: { colours: boolean }): Promise<string>
  /** Waits until the screen matches. */
  until(pattern: RegExp, limitMs?: number): Promise<string>
  close(): Promise<void>
}

/** Starts bash in tmux, 120 columns wide, with only this environment. */
export async function openTerminal(env: Readonly<Record<string, string>>): Promise<Terminal> {
  const server = `switchyard-${randomUUID()}`
  const tmux = async (...args: string[]) => (await run('tmux', ['-f', '/dev/null', '-L', server, ...args])).stdout
  const variables = Object.entries({ PS1: '$ ', LANG: 'C.UTF-8', PATH: process.env.PATH ?? '', ...env })
  const shell = ['env', '-i', 'TERM=screen-256color', ...variables.map(([name, value]) => `${name}=${value}`)]
  await tmux('-u', 'new-session', '-d', '-x', '120', '-y', '40', '--', ...shell, 'bash', '--norc', '--noprofile')
  const screen: Terminal['screen'] = async ({ colours } = { colours: false }) =>
    (await tmux('capture-pane', '-p', '-J', ...(colours ? ['-e'] : []))).trimEnd()
  const terminal: Terminal = {
    screen,
    async type(...keys) {
      for (const key of keys) {
        const isKey = /^(Enter|Tab|C-[a-z]|Escape)$/.test(key)
        await tmux('send-keys', ...(isKey ? [key] : ['-l', '--', key]))
      }
    },
    async until(pattern, limitMs = 30_000) {
      let last = ''
      const isShown = async () => {
        last = await screen()
        return pattern.test(last)
      }
      await vi.waitUntil(isShown, { timeout: limitMs, interval: 100 }).catch((cause: unknown) => {
        throw new Error(`The screen does not match ${pattern}:\n${last}`, { cause })
      })
      return last
    },
    close: async () => void (await tmux('kill-server').catch(() => '')),
  }
  await terminal.until(/^\$/)
  return terminal
}
