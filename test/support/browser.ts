/** Debian's Chromium, without a window. */
import { type Browser, chromium } from 'playwright-core'

/** Starts it; close it in the end. */
export function startBrowser(program: string): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    timeout: 20_000,
  })
}
