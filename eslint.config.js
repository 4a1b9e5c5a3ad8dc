// One set of rules for all TypeScript here, and one rule that keeps the arrows between the packages:
// protocol ← client ← app ← desktop, protocol ← server; guest-js knows the contract types of client only.
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** For each place: what of ours it may import. Everything else of ours is an arrow against the design. */
const arrows = [
  { from: 'packages/protocol/**', may: [] },
  { from: 'packages/client/**', may: ['@holdfast/protocol'] },
  {
    from: 'packages/tauri-plugin-daemon-transport/**',
    may: ['@holdfast/client/transport'],
    typesOnly: ['@holdfast/client/transport'],
  },
  { from: 'packages/server/**', may: ['@holdfast/protocol'] },
  // The command is a client like any other; the daemon is not.
  {
    from: 'packages/server/{src/command,test}/**',
    may: ['@holdfast/protocol', '@holdfast/client', '@holdfast/client/node'],
  },
  {
    from: 'packages/app/**',
    may: [
      '@holdfast/protocol',
      '@holdfast/client',
      '@holdfast/client/transport',
      '@holdfast/client/websocket',
      '@holdfast/client/tauri-websocket',
      'tauri-plugin-daemon-transport-api',
    ],
  },
];

const ours = [
  '@holdfast/protocol',
  '@holdfast/client',
  '@holdfast/client/transport',
  '@holdfast/client/node',
  '@holdfast/client/websocket',
  '@holdfast/client/tauri-websocket',
  '@holdfast/client/contract',
  '@holdfast/client/contract/peer',
  '@holdfast/server',
  '@holdfast/app',
  '@holdfast/desktop',
  'tauri-plugin-daemon-transport-api',
];

const arrowRules = arrows.map(({ from, may, typesOnly = [] }) => ({
  files: [`${from}/*.{ts,tsx}`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        paths: [
          ...ours
            .filter((name) => !may.includes(name))
            .map((name) => ({
              name,
              message: 'This import goes against the arrows between the packages (docs/architecture.md).',
            })),
          ...typesOnly.map((name) => ({
            name,
            message: 'Only its types: import type.',
            allowTypeImports: true,
          })),
        ],
        patterns: [
          {
            regex:
              '^(\\.\\./)+(packages/)?(protocol|client|server|app|desktop|tauri-plugin-daemon-transport)/',
            message: 'Import another package by its name.',
          },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/dist-js/**',
      '**/dist-gallery/**',
      'target/**',
      '**/gen/**',
      '.cache/**',
      'test-results/**',
      '**/permissions/**',
    ],
  },
  eslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['vitest.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // `type` is the form of the contract's own shapes, and unions need it anyway.
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['**/test/**/*.{ts,tsx}', 'e2e/**/*.ts'],
    rules: {
      // Matchers such as expect.any() are typed any by vitest itself.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
        AbortSignal: 'readonly',
        performance: 'readonly',
        window: 'readonly',
        document: 'readonly',
        crypto: 'readonly',
        globalThis: 'readonly',
        TextEncoder: 'readonly',
      },
    },
  },
  ...arrowRules,
);
