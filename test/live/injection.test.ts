import { Injector } from '../support/injection';
import { removeScratch, scratchDirectory } from '../support/scratch';
import { asked, share } from '../support/share';

/** All of them: `npm run trials -- injection`; some, by their names: TRIALS='node open.* EMFILE'. */
const SHARE = 24;
/** Calls of one kind that get an error each. */
const DEPTH = 4;
/** In every run: of each kind that was once wrong the first. */
const FOUND = [
  'command node perf_event_open ENODEV (?!1$)\\d+$',
  'command node perf_event_open ENODEV (?!1.$)\\d+\\+$',
  'command node wait4 ECHILD',
  'command node clone EAGAIN',
  'attach node socketpair EMFILE',
  'launch openat EMFILE',
  'launch memfd_create EMFILE',
  'watcher. poll ENOMEM',
].map((name) => new RegExp(name));

test('whatever system call fails: no stack trace, no hang, nothing silently wrong', async () => {
  const scratch = scratchDirectory();
  try {
    const injector = new Injector(scratch);
    const all = await injector.injections(DEPTH);
    const known = FOUND.flatMap((found) => all.find(({ name }) => found.test(name)) ?? []);
    expect(known).toHaveLength(FOUND.length);
    const chosen =
      asked() === ''
        ? [...known, ...share('injections', all, SHARE)]
        : all.filter(({ name }) => asked() === 'all' || new RegExp(asked()).test(name));
    if (asked() !== '') process.stderr.write(`${chosen.length} of ${all.length}\n`);
    const wrong: string[] = [];
    for (const injection of chosen) {
      const seen = await injector.trial(injection);
      if (seen !== '') wrong.push(`${injection.name}: ${seen}`);
      if (asked() !== '') process.stderr.write(seen === '' ? '.' : `\n${wrong.at(-1)!}\n`);
    }
    expect(wrong).toEqual([]);
  } finally {
    removeScratch(scratch);
  }
}, 10_800_000);
