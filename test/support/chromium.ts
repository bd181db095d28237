/** Real headless Chromium, where it is installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const executable = [process.env.CHROMIUM ?? '', ...NAMES].filter(Boolean).find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
export const hasChromium = executable !== undefined;
if (!hasChromium) console.warn('Chromium is not installed (apt-get install chromium): pages are not opened in this run.');

export async function withBrowser<T>(use: (browser: Browser) => Promise<T>): Promise<T> {
  const profile = mkdtempSync(path.join(tmpdir(), 'droplint-chromium-'));
  const which = spawnSync('which', [executable!], { encoding: 'utf8' }).stdout.trim();
  const browser = await puppeteer.launch({
    executablePath: which || executable!,
    userDataDir: profile,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  try {
    return await use(browser);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
