'use strict';

const { availableParallelism } = require('node:os');

// Tests reach no network. Where this is set, Node reads all of these certificates at each start, which takes longer
// than the rest of the start; the tests start some thousand. Workers and programs inherit it from here.
delete process.env.NODE_EXTRA_CA_CERTS;

module.exports = {
  rootDir: __dirname,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
  },
  testEnvironment: '<rootDir>/test/support/environment.js',
  globalSetup: '<rootDir>/test/support/tracepoints.js',
  setupFilesAfterEnv: ['<rootDir>/test/support/leftovers.ts'],
  testSequencer: '<rootDir>/test/support/sequencer.js',
  // Live tests wait more than they compute. (Jest takes a percentage above 100 for a number of workers.)
  maxWorkers: availableParallelism() + 1,
  // Live captures share two CPUs with everything else: the limit finds a hang, it is no timing check.
  testTimeout: 180000,
};
