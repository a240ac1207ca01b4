import { Feeder } from './feeder';

/** What processes have mapped, by what the page says of it. */
export const MAPPED_WORLDS: ReadonlyMap<string, () => Feeder> = new Map([
  ['nothing, the tables of an idle model', () => new Feeder()],
  ['one process of 1,000,000 mappings', () => oneProcess(1_000_000)],
  ['100 children of a process of 64,000, each with ten changed', children],
  ['100 processes that made 64,000 each, more than is kept', manyProcesses],
]);

function oneProcess(mappings: number): Feeder {
  const feeder = new Feeder();
  mapAll(feeder, 100, mappings);
  feeder.flush();
  return feeder;
}

function children(): Feeder {
  const feeder = new Feeder();
  mapAll(feeder, 100, 64_000);
  for (let child = 101; child <= 200; child++) {
    feeder.fork(100, child);
    for (let i = 0; i < 10; i++) feeder.map(child, i * 12_000, i * 12_000 + 1, 1);
  }
  feeder.flush();
  return feeder;
}

function manyProcesses(): Feeder {
  const feeder = new Feeder();
  for (let pid = 100; pid < 200; pid++) mapAll(feeder, pid, 64_000);
  feeder.flush();
  return feeder;
}

function mapAll(feeder: Feeder, pid: number, mappings: number): void {
  feeder.process(pid);
  for (let i = 0; i < mappings; i++) feeder.map(pid, i * 2, i * 2 + 1);
}
