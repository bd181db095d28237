/** Packages without types of their own, as the tests use them. */
declare module 'eslint8' {
  export const Linter: new (options: { configType: 'flat' }) => unknown;
}
declare module 'espree';
