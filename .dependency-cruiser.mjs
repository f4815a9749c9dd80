// Which room may import which. Imports point one way: apps -> rpc, runtime, dialects -> core -> proto.
const inTests = '\\.(test|fixture|ollama|connect)\\.ts$';
const pure = '^libs/(core|dialects|simulation)/';

/**
 * Files of a room may import themselves, what is installed, and the rooms named.
 * @type {(name: string, path: string, allowed: string[]) => import('dependency-cruiser').IForbiddenRuleType}
 */
const room = (name, path, allowed) => ({
  name,
  severity: 'error',
  from: { path, pathNot: inTests },
  to: { path: '^(apps|libs|proto|bench)/', pathNot: [path, ...allowed] },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    room('proto-imports-nothing', '^proto/', []),
    room('core-imports-proto', '^libs/core/', ['^proto/gen/']),
    room('dialects-import-core', '^libs/dialects/', ['^libs/core/', '^proto/gen/']),
    room('simulation-imports-core', '^libs/simulation/', ['^libs/core/', '^proto/gen/']),
    room('rpc-imports-core', '^libs/rpc/', ['^libs/core/', '^proto/gen/']),
    room('runtime-imports-core', '^libs/runtime/', ['^libs/core/', '^proto/gen/']),
    room('testing-imports-libs', '^libs/testing/', ['^libs/', '^proto/gen/']),
    room('backends-import-libs', '^libs/backends/', ['^libs/(core|dialects|rpc|runtime)/', '^proto/gen/']),
    ...['agent', 'orchestrator'].map((app) =>
      room(`${app}-imports-libs`, `^apps/${app}/`, ['^libs/(core|dialects|rpc|runtime|backends)/', '^proto/gen/']),
    ),
    room('cli-imports-libs', '^apps/cli/', ['^libs/(core|dialects|rpc|runtime|backends|simulation)/', '^proto/gen/']),
    room('e2e-imports-libs', '^apps/e2e/', ['^libs/', '^proto/gen/']),
    room('bench-imports-libs', '^bench/', ['^libs/', '^proto/gen/']),
    {
      name: 'outsiders-import-the-index',
      severity: 'error',
      from: { path: '^((apps|libs)/[^/]+)/' },
      to: { path: '^(apps|libs)/', pathNot: ['^$1/', '/index\\.ts$'] },
    },
    {
      name: 'pure-rooms-do-no-io',
      comment: 'core, dialects and simulation get time, chance and I/O through ports.',
      severity: 'error',
      from: { path: pure, pathNot: inTests },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown', 'undetermined'],
        pathNot: ['^node_modules/(@bufbuild/protobuf|zod)/', '^(libs|proto)/'],
      },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: inTests },
      to: { path: inTests },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'everything-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
    parser: 'swc',
  },
};
