'use strict';

/** The rooms of src/core from the ground up: each imports only those before it. */
const ROOMS = [
  'memory',
  'text',
  'compare',
  'facts',
  'budget',
  'wire',
  'classify',
  'vma',
  'elf',
  'stats',
  'code',
  'ports',
  'tasks',
  'regions',
  'resolve',
  'snapshot',
  'findings',
  'columns',
  'filter',
  'model',
];

/** What each folder of src may import besides itself. */
const FOLDERS = {
  core: [],
  native: ['core'],
  sources: ['core', 'native'],
  output: ['core'],
  tui: ['core'],
  app: ['core', 'native', 'sources', 'output', 'tui'],
  cli: ['core', 'native', 'sources', 'output', 'tui', 'app'],
};

const folderRules = Object.entries(FOLDERS).map(([folder, allowed]) => ({
  name: `${folder}-imports-too-much`,
  comment: `src/${folder} may import ${['itself', ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
}));

const roomRules = ROOMS.map((room, at) => ({
  name: `core-${room}-looks-up`,
  comment: `src/core/${room} may import ${ROOMS.slice(0, at + 1).join(', ')}`,
  severity: 'error',
  from: { path: `^src/core/${room}(/|\\.ts$)` },
  to: { path: '^src/core/', pathNot: `^src/core/(${ROOMS.slice(0, at + 1).join('|')})(/|\\.ts$)` },
}));

module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-is-pure',
      comment: 'src/core imports nothing but src/core: no I/O, no process, no package',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { pathNot: '^src/core/' },
    },
    {
      name: 'core-has-rooms',
      comment: 'a file of src/core lies in one of its rooms',
      severity: 'error',
      from: { path: '^src/core/', pathNot: `^src/core/(${ROOMS.join('|')})(/|\\.ts$)` },
      to: {},
    },
    {
      name: 'blessed-in-one-place',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/tui/terminal/screen\\.ts$' },
      to: { path: 'node_modules/blessed' },
    },
    ...folderRules,
    ...roomRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // An import of a type is one too.
    tsPreCompilationDeps: true,
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
