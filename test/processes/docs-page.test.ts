import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import { chromium, launchChromium, withoutChromium } from '../support/chromium.ts'
import { testApiKey } from '../support/switchyard.ts'

// Opens the API reference in a real browser over plain HTTP.

describe.skipIf(chromium === undefined)(`/docs in a browser${withoutChromium}`, () => {
  let bench: ApiBench
  let browser: Browser
  let page: Page
  const hosts = new Set<string>()
  const errors: string[] = []

  beforeAll(async () => {
    bench = await startApiBench()
    browser = await launchChromium()
    page = await browser.newPage()
    page.on('request', (request) => {
      if (/^https?:/.test(request.url())) hosts.add(new URL(request.url()).origin)
    })
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.location().url?.endsWith('favicon.ico')) errors.push(message.text())
    })
    await page.setViewport({ width: 1400, height: 900 })
    await page.goto(`${bench.url}/docs/`, { waitUntil: 'networkidle0' })
  })
  afterAll(async () => {
    await browser?.close()
    await bench?.stop()
  })

  /** Presses the first button with this text. */
  async function press(text: string): Promise<void> {
    const button = await page.waitForSelector(`button::-p-text(${text})`)
    await button?.evaluate((element) => element.click())
  }

  it('shows every group of operations and loads nothing from another host', async () => {
    const shown = await page.$eval('body', (body) => body.textContent)
    for (const group of ['Jobs', 'Environments', 'Connections', 'Events', 'Webhooks', 'Providers'])
      expect(shown).toContain(group)
    expect([...hosts]).toEqual([bench.url])
    expect(errors).toEqual([])
    // A blank page of this size is a few kilobytes.
    expect((await page.screenshot()).length).toBeGreaterThan(20_000)
  })

  it('sends a request with an API key on the first click', async () => {
    await page.locator('input[placeholder="Token"]').fill(testApiKey)
    await press('Test Request')
    const response = page.waitForResponse((response) => new URL(response.url()).pathname === '/jobs')
    await press('Send Request')
    expect((await response).status()).toBe(200)
    expect(errors).toEqual([])
  })
})
