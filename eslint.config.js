import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What each part may import of the workspace (docs/architecture.md, "Packages"). */
const workspace = [
  'asr-core',
  'transcript',
  'model-store',
  'shared',
  'api',
  'worker',
  'cli',
  'test',
];
const mayImport = {
  'packages/asr-core': [],
  'packages/transcript': [],
  'packages/model-store': [],
  'packages/shared': [],
  'apps/api': ['shared', 'transcript', 'model-store'],
  'apps/worker': ['shared', 'transcript', 'model-store', 'asr-core'],
  'apps/cli': ['shared', 'asr-core', 'transcript', 'model-store'],
  test: ['asr-core', 'transcript', 'model-store', 'shared', 'api', 'worker', 'cli'],
};

/** asr-core is values in, values out, except in these places. */
const asrCoreTouchesTheMachine = [
  'packages/asr-core/src/audio/ffmpeg.ts',
  'packages/asr-core/src/runtime/**',
  'packages/asr-core/src/inference/**',
];
const machineModules = [
  'node:fs',
  'node:fs/promises',
  'node:child_process',
  'node:worker_threads',
  'node:os',
];

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Named exports only.',
};
const noModuleMocks = {
  selector: "CallExpression[callee.object.name='vi'][callee.property.name=/^(mock|doMock)$/]",
  message: 'No module mocks: pass a fake as a dependency.',
};
const noExportAll = {
  selector: 'ExportAllDeclaration[exported=null]',
  message: 'No `export *`: name what is public.',
};
const noEnum = { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' };
const noNamespace = { selector: 'TSModuleDeclaration[declare!=true]', message: 'Use a module.' };
const noParameterProperty = {
  selector: 'TSParameterProperty',
  message: 'Assign fields explicitly.',
};
const style = [
  noDefaultExport,
  noModuleMocks,
  noExportAll,
  noEnum,
  noNamespace,
  noParameterProperty,
];
const noEnvironment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Only apps/*/src/config.ts reads the environment; packages take options.',
};

function forbiddenPackages(allowed) {
  return workspace
    .filter((name) => !allowed.includes(name))
    .map((name) => ({
      group: [`@stenofleet/${name}`, `@stenofleet/${name}/*`],
      message: 'This import crosses a boundary (docs/architecture.md, "Packages").',
    }));
}

const boundaries = Object.entries(mayImport).map(([folder, allowed]) => ({
  files: [`${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': ['error', { patterns: forbiddenPackages(allowed) }],
  },
}));

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.turbo/**', '.reports/**', '**/*.d.ts'] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    files: ['**/*.ts'],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', ...style],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  ...boundaries,
  {
    files: ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
    ignores: ['apps/*/src/config.ts', '**/*.test.ts'],
    rules: { 'no-restricted-syntax': ['error', ...style, noEnvironment] },
  },
  {
    files: ['packages/asr-core/src/**/*.ts'],
    ignores: [...asrCoreTouchesTheMachine, '**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: forbiddenPackages([]),
          paths: machineModules.map((name) => ({
            name,
            allowTypeImports: true,
            message: 'Only audio/ffmpeg.ts, runtime/ and inference/ touch the machine.',
          })),
        },
      ],
    },
  },
  {
    // Numeric loops over typed arrays read x[i]! where the bound is evident.
    files: ['packages/asr-core/src/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/vitest.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
);
