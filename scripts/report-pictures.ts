/** `npm run picture`: the pictures of the README, out of the command line and, for the report, out of Chromium. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasChromium, withBrowser } from '../test/support/chromium.js';

const ROOT = path.resolve(import.meta.dirname, '..');
const OUT = path.join(ROOT, 'docs', 'pictures');
const MODELS = ['resnet-dropout-before-batch-norm.onnx', 'mlp-dropout-before-gelu.onnx', 'cnn-dropout-between-convs.onnx', 'vgg19.onnx'];

const folder = mkdtempSync(path.join(tmpdir(), 'droplint-pictures-'));
for (const model of MODELS) cpSync(path.join(ROOT, 'fixtures', 'models', model), path.join(folder, 'models', model));
const droplint = (...args: string[]): void => {
  try {
    execFileSync(process.execPath, ['--import', pathToFileURL(path.join(ROOT, 'node_modules/tsx/dist/esm/index.mjs')).href, path.join(ROOT, 'src/cli/main.ts'), ...args], { cwd: folder, stdio: 'inherit' });
  } catch (error) {
    // Findings are what the pictures are about.
    if ((error as { status?: number }).status !== 1) throw error;
  }
};

mkdirSync(OUT, { recursive: true });
droplint('graph', 'models/mlp-dropout-before-gelu.onnx', '--mode', 'training', '--fixed', '-o', path.join(OUT, 'graph.svg'));
droplint('models', '--mode', 'training', '--format', 'html=report.html');
if (hasChromium) {
  await withBrowser(async (browser) => {
    const page = await browser.newPage();
    for (const scheme of ['light', 'dark'] as const) {
      await page.setViewport({ width: 1120, height: 1000 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.goto(pathToFileURL(path.join(folder, 'report.html')).href);
      await page.$$eval('section[data-file*="gelu"] details.finding', (findings) => findings.forEach((finding) => (finding.open = true)));
      writeFileSync(path.join(OUT, `report-${scheme}.png`), await page.screenshot());
    }
  });
}
rmSync(folder, { recursive: true });
