// Lint rules of the SDK: strict types, no floating promises, no console, and
// the direction of imports.
const tseslint = require('typescript-eslint');

/** Forbids imports whose path matches, for the files of one folder. */
const layer = (folder, regex, message) => ({
  files: [`src/${folder}/**`],
  rules: { 'no-restricted-imports': ['error', { patterns: [{ regex, message }] }] },
});

module.exports = tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      '*.js',
      '*.mjs',
      'src/error-codes.ts',
      'test/official/**',
      'test/package/**',
    ],
  },
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
    },
  },
  // What applications get is typed as the official typings have it.
  { files: ['src/types.ts'], rules: { '@typescript-eslint/no-explicit-any': 'off' } },
  {
    // Tests ask what void calls return, and take methods off their objects on purpose.
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  layer('database', '/(entry|platform|server|transport)/', 'the database knows no way to the server'),
  layer(
    'transport',
    '/(entry|server)/|/platform/(?!platform$)|/database/(?!watch$|result-list$)',
    'transport works on the Platform interface; of the database it knows what a watch yields',
  ),
  layer('platform', '/(entry|server|database|transport)/', 'a platform knows no API'),
  layer('server', '/(entry|transport|platform)/', 'the worker talks through its bridge alone'),
);
