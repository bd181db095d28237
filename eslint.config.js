import { FlatCompat } from '@eslint/eslintrc';
import js from '@eslint/js';

const compat = new FlatCompat({ baseDirectory: import.meta.dirname, recommendedConfig: js.configs.recommended });
const droplint = (await import('./dist/src/eslint/index.js')).default.configs.recommended;
// Tests and the study build faulty models on purpose.
export default [...compat.config((await import('./.eslintrc.cjs')).default), { ...droplint, ignores: ['test/**', 'scripts/study*', 'scripts/study/**', 'fixtures/**'] }];
