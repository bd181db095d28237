/** `npm run picture`: runs the command line on fixtures and draws what it printed, for the README. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Anser from 'anser';

const ROOT = path.resolve(import.meta.dirname, '..');
const MAIN = path.join(ROOT, 'dist', 'src', 'cli', 'main.js');
const MODEL = 'resnet.onnx';
const COMMANDS = [[MODEL, '--mode', 'training'], [MODEL, '--mode', 'training', '--fix']];

/** Pixels: a monospace cell of 13 px text. */
const CELL = { width: 7.8, height: 18 };
const MARGIN = 16;
const PALETTE: Readonly<Record<string, string>> = {
  'ansi-red': '#ff7b72', 'ansi-green': '#7ee787', 'ansi-yellow': '#e3b341', 'ansi-blue': '#79c0ff', 'ansi-magenta': '#d2a8ff', 'ansi-cyan': '#76e3ea', 'ansi-white': '#f0f6fc', 'ansi-bright-black': '#8b949e',
};

function output(folder: string): string {
  return COMMANDS.map((args) => {
    const { stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '1', COLUMNS: '100' } });
    return `\u001b[1m$ droplint ${args.join(' ')}\u001b[0m\n${stdout}${stderr}`;
  }).join('\n');
}

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function line(text: string, row: number): string {
  const spans = Anser.ansiToJson(text, { use_classes: true, remove_empty: true }).map(({ content, fg, decorations }) => {
    const weight = decorations.includes('bold') ? ' font-weight="bold"' : '';
    const opacity = decorations.includes('dim') ? ' opacity="0.65"' : '';
    const underline = decorations.includes('underline') ? ' text-decoration="underline"' : '';
    return `<tspan fill="${PALETTE[fg] ?? '#c9d1d9'}"${weight}${opacity}${underline}>${escape(content)}</tspan>`;
  });
  return `<text x="${MARGIN}" y="${MARGIN + (row + 0.8) * CELL.height}" xml:space="preserve">${spans.join('')}</text>`;
}

function draw(text: string): string {
  const lines = text.trimEnd().split('\n');
  const columns = Math.max(...lines.map((each) => Anser.ansiToText(each).length));
  const [width, height] = [Math.ceil(2 * MARGIN + columns * CELL.width), 2 * MARGIN + lines.length * CELL.height];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">`,
    `<title>droplint finds dropout before BatchNorm in a ResNet, fixes it and proves the fix</title>`,
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
    ...lines.map(line),
    '</svg>\n',
  ].join('\n');
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'droplint-picture-'));
try {
  cpSync(path.join(ROOT, 'fixtures', 'models', 'resnet-dropout-before-batch-norm.onnx'), path.join(folder, MODEL));
  const target = path.join(ROOT, 'docs', 'pictures', 'terminal.svg');
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, draw(output(folder)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
