import { FlatCompat } from '@eslint/eslintrc';
import js from '@eslint/js';

const compat = new FlatCompat({ baseDirectory: import.meta.dirname, recommendedConfig: js.configs.recommended });
export default [...compat.config((await import('./.eslintrc.cjs')).default), (await import('./dist/src/eslint/index.js')).default.configs.recommended];
