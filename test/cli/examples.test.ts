/** Every example of every help text, run as it stands there. */
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import { examples } from '../../src/cli/examples.js';
import { Project } from '../support/project.js';

const NET = toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)');
const OLD = toOnnx('linear(16) → gelu → linear(4)');
let project: Project;
beforeEach(async () => {
  project?.remove();
  project = new Project({ 'models/net.onnx': NET, 'models/clean.onnx': toOnnx('linear(16) → relu → dropout(0.5) → linear(4)'), 'old.onnx': OLD });
  project.commitAll();
  project.git('checkout', '--quiet', '-b', 'topic');
  project.write('models/new.onnx', NET);
  for (const index of [1, 2]) await project.run('models', '--shard', `${index}/2`, '-f', `json=shard-${index}.json`);
});
afterAll(() => project.remove());

for (const [command, listed] of Object.entries(examples)) {
  describe(command, () => {
    it.each(listed.map(({ line }) => line))('droplint %s', async (line) => {
      const { code, stdout, stderr } = await project.run(...line.split(' '));
      expect({ code, stderr }).toEqual({ code: line.endsWith('--exit-code') ? 1 : 0, stderr: '' });
      const written = /(?:-o |=)(\S+\.\w+)/.exec(line)?.[1];
      if (written) expect(project.read(written).length).toBeGreaterThan(100);
      else expect(stdout).not.toBe('');
    });

    it('has them in its help', async () => {
      const { stdout } = await project.run(...(command === 'lint' ? [] : [command]), '--help');
      for (const { line } of listed) expect(stdout).toContain(`droplint ${line}`);
      expect(stdout.split('\n').length).toBeLessThanOrEqual(40);
    });
  });
}
