'use strict';

// Jest gives each suite a context of its own and evaluates every module anew in it, those of the runner among them.
// That keeps suites apart. What costs more than it must is done here once for each worker: a suite of one test
// takes 0.1 s of CPU otherwise, two thirds of it for the compiler.

const hooks = require('node:async_hooks');
const vm = require('node:vm');
const { TestEnvironment } = require('jest-environment-node');

const { compileFunction } = vm;
/** Modules by their path: Jest asks for each once per context. */
const compiled = new Map();

/** A script runs in any number of contexts, and what one suite has called in it is compiled for the next. */
vm.compileFunction = function compileOnce(code, params, options = {}) {
  const { filename, parsingContext } = options;
  if (filename === undefined || parsingContext === undefined) {
    return compileFunction(code, params, options);
  }
  let module = compiled.get(filename);
  if (module?.code !== code) {
    const head = `(function (${params.join()}) {`;
    // On the line of the code, and before its first column: positions stay those of the file.
    const script = new vm.Script(`${head}${code}\n})`, { filename, columnOffset: -head.length });
    module = { code, script };
    compiled.set(filename, module);
  }
  return module.script.runInContext(parsingContext);
};

const { AsyncLocalStorage } = hooks;
/** Those of the suite that runs. */
const storages = new Set();

hooks.AsyncLocalStorage = class extends AsyncLocalStorage {
  constructor(...options) {
    super(...options);
    storages.add(this);
  }
};

module.exports = class extends TestEnvironment {
  async teardown() {
    await super.teardown();
    // The runner makes one for each suite and never ends it: every promise of all later suites would look at it.
    for (const storage of storages) storage.disable();
    storages.clear();
  }
};
