// Lint rules of the SDK: strict types, no floating promises, no console, and
// the direction of imports: nothing below may know the entries or a platform.
const tseslint = require('typescript-eslint');

const layer = (files, group, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

module.exports = tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '*.js', '*.mjs', 'src/error-codes.ts'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: __dirname } },
    rules: {
      'no-console': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
    },
  },
  layer(
    ['src/database/**'],
    ['**/entry/**', '**/platform/**', '**/server/**'],
    'database knows no platform and no entry',
  ),
  layer(
    ['src/transport/**'],
    [
      '**/entry/**',
      '**/server/**',
      '**/database/**',
      '**/platform/node*',
      '**/platform/wx*',
      '**/platform/browser*',
    ],
    'transport works on the Platform interface alone',
  ),
  layer(['src/platform/**'], ['**/entry/**', '**/server/**', '**/database/**'], 'a platform knows no API'),
  layer(
    ['src/server/**'],
    ['**/entry/**', '**/transport/**', '**/platform/**'],
    'the server entry talks through the host bridge alone',
  ),
);
