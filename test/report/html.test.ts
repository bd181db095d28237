import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import { hasChromium, withBrowser } from '../support/chromium.js';
import { Project } from '../support/project.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let project: Project;

beforeAll(async () => {
  project = new Project({
    'models/gelu.onnx': toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)'),
    'models/batch-norm.onnx': toOnnx('conv2d(4) → dropout(0.5) → batch-norm → relu → global-avg-pool → flatten → linear(4)'),
    'models/clean.onnx': toOnnx('linear(16) → relu → dropout(0.5) → linear(4)'),
    'models/broken.onnx': 'no model',
    'fixed/gelu.onnx': toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)'),
    'evil.ts': "import * as tf from '@tensorflow/tfjs';\nconst m = tf.sequential();\nm.add(tf.layers.dropout({ rate: '<img src=x onerror=alert(1)>' }));\n",
  });
  await project.run('models', 'evil.ts', '--mode', 'training', '--format', 'html=report.html');
  await project.run('fixed', '--mode', 'training', '--fix', '--format', 'html=fixed.html');
  await project.run('graph', 'models/batch-norm.onnx', '--mode', 'training', '--fixed', '-o', 'graph.html');
});
afterAll(() => project.remove());

it('is one file that asks for nothing else', () => {
  for (const file of ['report.html', 'fixed.html', 'graph.html']) {
    const html = project.read(file);
    expect(html).toContain("default-src 'none'");
    // Links that a reader may follow are no requests.
    expect(html.replace(/<a [^>]*>/g, '')).not.toMatch(/(?:src|href)=|@import|url\(/);
  }
});

describe.skipIf(!hasChromium)('in Chromium', () => {
  const open = async (browser: Browser, file: string, scheme: 'light' | 'dark' = 'light'): Promise<{ page: Page; requests: string[]; errors: string[] }> => {
    const page = await browser.newPage();
    const requests: string[] = [];
    const errors: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (entry) => { if (entry.type() === 'error') errors.push(entry.text()); });
    await page.setViewport({ width: 1200, height: 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.goto(pathToFileURL(project.at(file)).href);
    return { page, requests, errors };
  };
  const shown = (page: Page): Promise<string[]> => page.$$eval('details.finding:not([hidden]) .rule', (rules) => rules.map((rule) => rule.textContent ?? ''));

  it('shows, filters and opens findings, by mouse and by keyboard, without a request', async () => {
    await withBrowser(async (browser) => {
      const { page, requests, errors } = await open(browser, 'report.html');
      expect(await page.$eval('h1', (heading) => heading.textContent)).toBe('droplint report');
      expect(await shown(page)).toEqual(expect.arrayContaining(['dropout-after-batch-norm', 'dropout-after-activation', 'unreadable file']));
      const all = (await shown(page)).length;

      await page.select('#rule', 'dropout-after-activation');
      expect(new Set(await shown(page))).toEqual(new Set(['dropout-after-activation']));
      expect(await page.$eval('#shown', (output) => output.textContent)).toMatch(new RegExp(`^\\d+ of ${all} findings$`));
      expect(await page.evaluate('location.hash')).toBe('#rule=dropout-after-activation');
      await page.click('#clear');
      await page.select('#file', 'models/batch-norm.onnx');
      expect(await shown(page)).toContain('dropout-after-batch-norm');
      await page.click('#clear');
      await page.select('#level', 'error');
      expect(await shown(page)).not.toContain('dropout-after-activation');
      await page.click('#clear');

      // From here on without the mouse.
      await page.keyboard.press('Escape');
      await page.keyboard.press('/');
      await page.keyboard.type('gelu');
      expect(new Set(await shown(page))).toEqual(new Set(['dropout-after-activation']));
      await page.keyboard.press('Escape');
      await page.keyboard.press('j');
      expect(await page.evaluate('document.activeElement.tagName')).toBe('SUMMARY');
      await page.keyboard.press('Enter');
      const opened = await page.$eval('details.finding[open]', (finding) => ({ text: finding.textContent ?? '', pictures: [...finding.querySelectorAll('figure svg')].map((svg) => svg.getAttribute('aria-label')) }));
      expect(opened.pictures).toEqual([expect.stringMatching(/dropout 0\.5 \(live\) \(found\), gelu \(related\)/), expect.stringMatching(/gelu, dropout 0\.5 \(live\) \(changed\)/)]);
      expect(opened.text).toContain('--fix proves it');
      expect(opened.text).toContain('Explanation');
      expect(await page.$$eval('details.finding[open] .explanation', (pages) => pages.length)).toBe(0);
      await page.focus('details.finding[open] details[data-page] summary');
      await page.keyboard.press('Enter');
      await page.waitForSelector('details.finding[open] .explanation h5');
      expect(await page.$eval('details.finding[open] .explanation', (explained) => explained.textContent)).toContain('Srivastava et al. 2014');
      expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
      expect(requests).toHaveLength(1);
      expect(errors).toEqual([]);
    });
  });

  it.each(['light', 'dark'] as const)('is accessible, contrast included (%s)', async (scheme) => {
    await withBrowser(async (browser) => {
      for (const file of ['report.html', 'fixed.html', 'graph.html']) {
        const { page, errors } = await open(browser, file, scheme);
        await page.$$eval('details', (all) => all.forEach((each) => (each.open = true)));
        if (file === 'report.html') await page.waitForSelector('.explanation');
        const violations = await page.evaluate(`(() => { ${AXE}; })(); axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')))`);
        expect(violations, `${file} ${scheme}`).toEqual([]);
        expect(errors).toEqual([]);
        expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(13, 17, 23)');
      }
    });
  });

  it('shows proofs of fixes, and pictures of them', async () => {
    await withBrowser(async (browser) => {
      const { page } = await open(browser, 'fixed.html');
      const text = await page.$eval('main', (main) => main.textContent ?? '');
      expect(text).toMatch(/Proven: inference bit-exact on \d+ feeds at 2 optimisation levels/);
      expect(text).toMatch(/onnxruntime \d/);
      expect(await page.$$eval('details.finding figure', (figures) => figures.length)).toBe(2);
    });
  });

  it('lays text out inside its boxes, and is a picture that is not empty', async () => {
    await withBrowser(async (browser) => {
      const { page } = await open(browser, 'graph.html');
      const outside = await page.$$eval('svg.diagram g', (groups) => groups.flatMap((group) => {
        const box = group.querySelector('.box')?.getBoundingClientRect();
        return [...group.querySelectorAll('text')].filter((text) => box && text.getBoundingClientRect().width > box.width).map((text) => text.textContent);
      }));
      expect(outside).toEqual([]);
      const png = await page.screenshot({ fullPage: true });
      writeFileSync(project.at('graph.png'), png);
      expect(png.length).toBeGreaterThan(10_000);
    });
  });
});
