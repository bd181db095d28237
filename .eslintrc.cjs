/** The single source of this repository's own lint rules; eslint.config.js loads it for ESLint 9 and later. */
module.exports = {
  root: true,
  parser: '@typescript-eslint/parser',
  parserOptions: { ecmaVersion: 2023, sourceType: 'module' },
  plugins: ['@typescript-eslint'],
  extends: ['eslint:recommended', 'plugin:@typescript-eslint/recommended'],
  env: { node: true, es2023: true },
  ignorePatterns: ['dist/', 'node_modules/', 'coverage/', 'demo-out/', 'bench/work/'],
  rules: {
    // TypeScript knows names better.
    'no-undef': 'off',
    '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
    '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
    'max-lines': ['warn', { max: 300, skipBlankLines: true, skipComments: true }],
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'prefer-const': 'error',
    // Walking up from `this` is no aliasing.
    '@typescript-eslint/no-this-alias': 'off',
    // A file that does not know which folder is its room is a fault of the design.
    'no-restricted-imports': ['error', { patterns: [{ group: ['util', 'utils', 'helper', 'helpers', 'common', 'misc'].flatMap((name) => [`**/${name}/**`, `**/${name}.js`]), message: 'Name it after what it does.' }] }],
  },
  overrides: [
    {
      files: ['rules/*.ts'],
      excludedFiles: ['rules/index.ts'],
      rules: {
        'no-restricted-imports': ['error', { patterns: [{ group: ['*', '!..', '../*', '!../src', '../src/*', '!../src/rule.js', '!../src/graph', '../src/graph/*', '!../src/graph/*.js'], message: 'A rule sees src/graph and src/rule, and nothing else.' }] }],
      },
    },
    { files: ['test/**/*.ts', 'fixtures/**/*.ts', 'bench/**/*.ts'], rules: { 'max-lines': 'off' } },
    { files: ['*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  ],
};
