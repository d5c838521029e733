import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { libRules } from './scripts/lint/lib-rules.js';

export default defineConfig(
  { ignores: ['dist/', 'docs/api/', 'reports/', '.stryker-tmp/', 'test/consumer/', 'bench/peers/', '**/public/'] },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.recommended],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Numbers and unions with them read well in a message; objects and undefined are still refused.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // What a step threw is passed on as it is.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      // It takes for constant what another function changes during an await, and would have such checks deleted.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A Nest module is an empty class; a saga definition is one too.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // In Nest, plain objects stand for classes: options, bodies of requests, contexts of sagas.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Ports and hooks are asynchronous whether or not an implementation has to wait.
      '@typescript-eslint/require-await': 'off',
      // The public types use parameters once on purpose, to fix a type at the call.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  ...libRules,
  {
    files: ['test/**/*.ts', 'sample/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // These files show what the compiler refuses and infers; their values are never used.
    files: ['test/types/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-vars': 'off',
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
);
