import { existsSync } from 'node:fs'
import { type Browser, launch } from 'puppeteer-core'

const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Path of an installed Chromium. */
export const chromium = paths.find(existsSync)

/** Suffix of the title of a test that is skipped without Chromium. */
export const withoutChromium = chromium === undefined ? ' (skipped: no Chromium)' : ''

export function launchChromium(...args: readonly string[]): Promise<Browser> {
  return launch({ executablePath: chromium ?? '', args: ['--no-sandbox', ...args] })
}
