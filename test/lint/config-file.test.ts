import path from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { fileMatcher, nodeMatcher } from '../../src/lint/config-file/globs.js';
import { ConfigLoader } from '../../src/lint/config-file/load.js';
import { requestFor } from '../../src/lint/config-file/request.js';
import { resolveConfiguration } from '../../src/lint/config-file/resolve.js';
import { defineConfig } from '../../src/lint/config-file/types.js';
import { validateConfig } from '../../src/lint/config-file/validate.js';
import { lintDocument } from '../../src/lint/findings.js';
import { defineRule, type Rule } from '../../src/rule.js';
import { ChainDocument } from '../support/chain-document.js';
import { Project } from '../support/project.js';

const projects: Project[] = [];
const project = (files: Readonly<Record<string, string>>): Project => {
  projects.push(new Project(files));
  return projects.at(-1)!;
};
afterEach(() => projects.splice(0).forEach((each) => each.remove()));

const configurationOf = async (its: Project, file: string, loader = new ConfigLoader()) => {
  const at = its.at(file);
  return resolveConfiguration(at, await loader.forFolder(path.dirname(at)));
};

describe('a configuration file', () => {
  it.each([
    ['droplint.config.json', '{ "extends": "strict", "mode": "training" }'],
    ['droplint.config.js', 'export default { extends: "strict", mode: "training" };'],
    ['droplint.config.mjs', 'export default { extends: "strict", mode: "training" };'],
    ['droplint.config.cjs', 'module.exports = { extends: "strict", mode: "training" };'],
    ['droplint.config.ts', 'type Mode = "training" | "inference";\nconst mode: Mode = "training";\nexport default { extends: "strict", mode } as const;'],
    ['droplint.config.mts', 'const mode = "training" satisfies string;\nexport default { extends: "strict", mode };'],
  ])('%s is found upwards', async (name, text) => {
    const its = project({ [name]: text, 'package.json': '{ "type": "module" }' });
    expect(await configurationOf(its, 'models/deep/m.onnx')).toMatchObject({ preset: 'strict', mode: 'training' });
  });

  it('the nearest one holds, alone', async () => {
    const its = project({ 'droplint.config.json': '{ "extends": "strict" }', 'sub/droplint.config.json': '{ "mode": "inference" }' });
    const loader = new ConfigLoader();
    expect(await configurationOf(its, 'sub/m.onnx', loader)).toMatchObject({ preset: 'recommended', mode: 'inference' });
    expect(await configurationOf(its, 'm.onnx', loader)).toMatchObject({ preset: 'strict', mode: 'auto' });
  });

  it('may be named, and may be switched off', async () => {
    const its = project({ 'droplint.config.json': '{ "extends": "strict" }', 'ci/other.json': '{ "extends": "all" }' });
    expect(await configurationOf(its, 'm.onnx', new ConfigLoader(its.at('ci/other.json')))).toMatchObject({ preset: 'all' });
    expect(await configurationOf(its, 'm.onnx', new ConfigLoader(false))).toMatchObject({ preset: 'recommended' });
  });

  it('extends presets, files and objects: later ones replace earlier ones, its own words all of them', async () => {
    const its = project({
      'base/droplint.config.json': '{ "mode": "training", "rules": { "no-high-dropout-rate": ["warn", { "max": 0.6 }], "no-noop-dropout": "error" }, "ignores": "old/**" }',
      'droplint.config.mjs': `export default {
        extends: ['strict', './base/droplint.config.json', { mode: 'inference', rules: { 'no-noop-dropout': 'warn' } }],
        rules: { 'no-high-dropout-rate': 'error' },
      };`,
    });
    const configuration = await configurationOf(its, 'm.onnx');
    expect(configuration).toEqual({ preset: 'strict', mode: 'inference', rules: { 'no-high-dropout-rate': ['error', { max: 0.6 }], 'no-noop-dropout': 'warn' }, nodes: [] });
    const loaded = await new ConfigLoader().forFolder(its.folder);
    expect(loaded.files).toEqual([its.at('droplint.config.mjs'), its.at('base/droplint.config.json')]);
    expect([loaded.isIgnored(its.at('base/old/m.onnx')), loaded.isIgnored(its.at('old/m.onnx'))]).toEqual([true, false]);
  });

  it('overrides hold for files and for nodes; the command line comes last', async () => {
    const its = project({
      'droplint.config.json': JSON.stringify({
        overrides: [
          { files: ['deploy/**'], ignores: 'deploy/train/**', mode: 'inference', extends: 'strict' },
          { files: '*.tiny.onnx', rules: { 'no-high-dropout-rate': 'off' } },
          { nodes: ['/encoder/**'], rules: { 'dropout-after-activation': 'off' } },
        ],
      }),
    });
    expect(await configurationOf(its, 'deploy/a.onnx')).toMatchObject({ preset: 'strict', mode: 'inference' });
    expect(await configurationOf(its, 'deploy/train/a.onnx')).toMatchObject({ preset: 'recommended', mode: 'auto' });
    const tiny = its.at('x/a.tiny.onnx');
    const loaded = await new ConfigLoader().forFolder(its.at('x'));
    expect(resolveConfiguration(tiny, loaded, { preset: 'all', rules: { 'no-high-dropout-rate': 'warn' } })).toEqual({
      preset: 'all', mode: 'auto', rules: { 'no-high-dropout-rate': 'warn' }, nodes: [{ nodes: ['/encoder/**'], rules: { 'dropout-after-activation': 'off' } }],
    });
  });

  it.each([
    ['not JSON', { 'droplint.config.json': '{' }, 'droplint.config.json cannot be loaded'],
    ['throws', { 'droplint.config.mjs': 'throw new Error("broken here")' }, 'cannot be loaded: broken here'],
    ['without a default export', { 'droplint.config.mjs': 'export const x = 1;' }, 'a configuration must be an object'],
    ['extends what is not there', { 'droplint.config.json': '{ "extends": "./nothing.json" }' }, 'There is no configuration file'],
    ['extends itself', { 'droplint.config.json': '{ "extends": "./droplint.config.json" }' }, 'extends itself'],
    ['extends itself through another', { 'droplint.config.json': '{ "extends": "./b.json" }', 'b.json': '{ "extends": "./droplint.config.json" }' }, 'extends itself through'],
    ['extends something else', { 'droplint.config.json': '{ "extends": "airbnb" }' }, 'neither a preset (recommended, strict, all) nor a path'],
    ['extends a text file', { 'droplint.config.json': '{ "extends": "./b.txt" }', 'b.txt': '' }, 'is not a configuration file'],
  ])('that is %s is an error', async (_, files, message) => {
    const its = project(files as Readonly<Record<string, string>>);
    await expect(new ConfigLoader().forFolder(its.folder)).rejects.toThrow(message);
  });
});

describe('validateConfig', () => {
  it.each([
    [{ ruls: {} }, 'x.json: "ruls" is not a key of a configuration. Did you mean "rules"?'],
    [{ mode: 'eval' }, 'mode is "eval", not one of auto, training, inference'],
    [{ mode: 'trainin' }, 'Did you mean "training"?'],
    [{ rules: { 'no-high-dropout-rat': 'warn' } }, 'There is no rule "no-high-dropout-rat". Did you mean "no-high-dropout-rate"?'],
    [{ rules: { 'no-high-dropout-rate': 'wran' } }, 'Did you mean "warn"?'],
    [{ rules: { 'no-high-dropout-rate': 2 } }, 'is 2, not one of off, info, warn, error'],
    [{ rules: { 'no-high-dropout-rate': ['warn', { maxx: 1 }] } }, 'has no option "maxx". Did you mean "max"?'],
    [{ rules: { 'no-high-dropout-rate': ['warn', {}, {}] } }, 'must be a level, or [level, options]'],
    [{ rules: [] }, 'rules must be an object'],
    [{ files: [1] }, 'files[0] must be a text'],
    [{ overrides: {} }, 'overrides must be a list'],
    [{ overrides: [{ rules: {} }] }, 'overrides[0] needs files or nodes'],
    [{ overrides: [{ nodes: '*', mode: 'training' }] }, 'takes rules alone'],
    [{ overrides: [{ nodes: '*', rules: { 'no-high-dropout-rate': ['warn', { max: 0.6 }] } }] }, 'takes a level alone'],
    [{ overrides: [{ file: '*' }] }, '"file" is not a key of overrides[0]. Did you mean "files"?'],
    [{ settings: { maxWarnings: -1 } }, 'settings.maxWarnings must be a number from 0 up'],
    [{ settings: { concurency: 2 } }, 'Did you mean "concurrency"?'],
    [{ settings: { cacheStrategy: 'mtime' } }, 'not one of content, metadata'],
    [[], 'a configuration must be an object'],
    ['strict', 'a configuration must be an object'],
  ])('refuses %j', (config, message) => {
    expect(() => validateConfig(config, 'x.json')).toThrow(message);
  });

  it.each(['valueOf', 'toString', 'constructor', '__proto__', 'hasOwnProperty'])('a key that every object inherits is unknown, too: %s', (key) => {
    const config: unknown = JSON.parse(`{ "${key}": "" }`);
    expect(() => validateConfig(config, 'x.json')).toThrow(`"${key}" is not a key of a configuration.`);
    expect(() => validateConfig({ settings: config }, 'x.json')).toThrow(`"${key}" is not a key of settings.`);
    expect(() => validateConfig({ rules: { 'no-high-dropout-rate': ['warn', config] } }, 'x.json')).toThrow(key);
  });

  it('accepts what the types accept', () => {
    const config = defineConfig({
      extends: ['recommended', { rules: { 'no-noop-dropout': 'off' } }], files: '**/*.onnx', ignores: ['a', 'b'], mode: 'auto',
      rules: { 'no-high-dropout-rate': ['warn', { max: 0.6 }], 'no-noop-dropout': ['error'] },
      overrides: [{ files: 'a/**', extends: 'all', mode: 'inference' }, { files: 'a/**', nodes: ['x'], rules: { 'no-noop-dropout': 'off' } }],
      settings: { baseline: 'b.json', cache: true, cacheLocation: 'c', cacheStrategy: 'metadata', concurrency: 'auto', fixClass: 'exact', fixLevel: 'info', format: ['stylish', 'sarif=o.sarif'], maxWarnings: 0 },
    });
    expect(validateConfig(config, 'x.json')).toBe(config);
  });

  it('never throws anything but its own error', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      try {
        validateConfig(value, 'x.json');
      } catch (error) {
        expect((error as Error).name).toBe('ConfigurationError');
      }
    }));
  });
});

describe('globs', () => {
  const folder = path.resolve('/project');
  it.each([
    ['*.onnx', 'a.onnx', true],
    ['*.onnx', 'deep/er/a.onnx', true],
    ['models', 'models/a/b.onnx', true],
    ['models/', 'x/models/a.onnx', true],
    ['./models/*', 'models/a.onnx', true],
    ['models/*.onnx', 'models/sub/a.onnx', false],
    ['models/**', 'models/.hidden/a.onnx', true],
    ['/models/**', 'x/models/a.onnx', false],
    ['**', '../outside.onnx', false],
    ['a{b,c}.onnx', 'ac.onnx', true],
  ])('%s and the file %s: %s', (glob, file, expected) => {
    expect(fileMatcher(glob, folder)(path.join(folder, file))).toBe(expected);
  });

  it.each([
    ['/encoder/*', '/encoder/Dropout', true],
    ['/encoder/*', '/encoder/0/Dropout', false],
    ['/encoder/**', '/encoder/0/Dropout', true],
    ['*Dropout*', 'Dropout_12', true],
    ['dropout_[12]', 'dropout_2', true],
  ])('%s and the node %s: %s', (glob, name, expected) => {
    expect(nodeMatcher(glob)(name)).toBe(expected);
  });
});

describe('levels for nodes', () => {
  const rule = (id: string, level: 'warn' | 'off'): Rule => defineRule({
    id, statement: '', levels: { recommended: level, strict: level }, fix: 'none', formats: ['onnx'], precedence: 1, sources: [], messages: { x: 'x' },
    *check({ graph }) { for (const at of graph.layersOf('dropout')) yield { at, messageId: 'x' }; },
  });
  const document = new ChainDocument('linear → dropout@a/1 0.5 → linear → dropout@b/1 0.5 → linear → dropout@b/2 0.5');
  const found = (nodes: Parameters<typeof requestFor>[0]['nodes'], level: 'warn' | 'off' = 'warn', rules = {}) =>
    lintDocument(document, requestFor({ preset: 'recommended', mode: 'auto', rules, nodes }, [rule('a-rule', level)])).map((finding) => `${finding.problem.at.key} ${finding.level}`);

  it.each([
    ['nothing said', [], 'warn', ['a/1 warn', 'b/1 warn', 'b/2 warn']],
    ['off for some', [{ nodes: ['b/*'], rules: { 'a-rule': 'off' } }], 'warn', ['a/1 warn']],
    ['another level', [{ nodes: ['b/*'], rules: { 'a-rule': 'error' } }], 'warn', ['a/1 warn', 'b/1 error', 'b/2 error']],
    ['the last one decides', [{ nodes: ['b/*'], rules: { 'a-rule': 'error' } }, { nodes: ['*/2'], rules: { 'a-rule': 'info' } }], 'warn', ['a/1 warn', 'b/1 error', 'b/2 info']],
    ['on for some alone', [{ nodes: ['b/*'], rules: { 'a-rule': 'error' } }], 'off', ['b/1 error', 'b/2 error']],
  ] as const)('%s', (_, nodes, level, expected) => {
    expect(found(nodes, level)).toEqual(expected);
  });
});
