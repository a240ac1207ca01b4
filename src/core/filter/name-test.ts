import type { Filter } from './ast';
import { textTest } from './text-test';

/** A filter asks for names alone, whatever they are of. */
export function isOfNames(filter: Filter | null): boolean {
  switch (filter?.op) {
    case undefined:
      return true;
    case 'and':
    case 'or':
      return filter.terms.every(isOfNames);
    case 'not':
      return isOfNames(filter.term);
    case 'text':
      return filter.field === 'any';
    case 'set':
    case 'id':
    case 'range':
    case 'latency':
      return false;
  }
}

/** The test of such a filter; what of another asks for something else, every name passes. */
export function nameTest(filter: Filter): (name: string) => boolean {
  switch (filter.op) {
    case 'and': {
      const tests = filter.terms.map(nameTest);
      return (name) => tests.every((test) => test(name));
    }
    case 'or': {
      const tests = filter.terms.map(nameTest);
      return (name) => tests.some((test) => test(name));
    }
    case 'not': {
      const test = nameTest(filter.term);
      return (name) => !test(name);
    }
    case 'text':
      return textTest(filter);
    case 'set':
    case 'id':
    case 'range':
    case 'latency':
      return () => true;
  }
}
