import { completeness } from '../../../../src/core/facts/capture-facts';
import { grouped } from '../../../../src/core/text/format';
import { reportText } from '../../../../src/output/report/text';
import type { ReportInput } from '../../../../src/output/report/report';
import { jsonOf, stats, region, process, FACTS, input } from '../../../support/report-kit';

const NGINX = { user: 'www', cgroup: '/system.slice/nginx.service' };

/** Two processes of a service, one of a shell's, and one that ended at once. */
function machine(more: Partial<ReportInput> = {}): ReportInput {
  const one = stats(1, { MINOR: 2 }, { 'page-cache': 2 }, 1e6);
  const processes = [
    { ...process(500, { ...one, id: 1 }), owner: NGINX },
    { ...process(501, { ...one, id: 2 }), owner: NGINX, comm: 'helper' },
    { ...process(600, { ...one, id: 3 }), owner: { user: 'root', cgroup: '/jobs' } },
    process(700, { ...one, id: 4, stallNs: 0 }),
  ];
  const whole = { kind: 'all', name: null, cgroup: null } as const;
  const target = { command: null, pids: [], whole };
  return input({ target, ...more }, { processes });
}

test('json: users, cgroups and units of processes, and null where they are not known', () => {
  const told = JSON.parse(jsonOf(machine())) as {
    readonly processes: readonly Record<string, unknown>[];
    readonly cgroups: readonly Record<string, unknown>[];
  };
  expect(told.processes.map((row) => [row.pid, row.user, row.cgroup, row.unit])).toEqual([
    [500, 'www', '/system.slice/nginx.service', 'nginx.service'],
    [501, 'www', '/system.slice/nginx.service', 'nginx.service'],
    [600, 'root', '/jobs', null],
    [700, null, null, null],
  ]);
  expect(told.cgroups).toMatchObject([
    { cgroup: NGINX.cgroup, unit: 'nginx.service', processes: 2, faults: 4, stall_ns: 2e6 },
    { cgroup: '/jobs', unit: null, processes: 1, faults: 2 },
    { cgroup: null, unit: null, processes: 1, faults: 2, causes: { 'page-cache': 2 } },
  ]);
  expect(told).toMatchObject({ group_by: 'process', groups: [] });
});

test.each([
  ['unit', ['nginx.service', null], [2, 2]],
  ['user', ['www', 'root', null], [2, 1, 1]],
  ['name', ['prog', 'helper'], [3, 1]],
] as const)('json: processes by %s', (by, labels, processes) => {
  const told = JSON.parse(jsonOf(machine({ by }))) as {
    readonly groups: readonly Record<string, unknown>[];
  };
  expect(told).toMatchObject({ group_by: by });
  expect(told.groups.map((row) => row[by])).toEqual(labels);
  expect(told.groups.map((row) => row.processes)).toEqual(processes);
});

test('text: of several processes these and their cgroups come first', () => {
  const text = reportText(machine());
  const titles = ['Processes', 'Cgroups', 'Regions', 'Causes'].map((title) =>
    text.indexOf(`\n${title}\n`),
  );
  expect(titles.every((at) => at > 0)).toBe(true);
  expect([...titles].sort((a, b) => a - b)).toEqual(titles);
  expect(text).toMatch(/ 500 .* prog +www +nginx /);
  expect(text).toMatch(/\/system\.slice\/nginx\.service +2 /);
  expect(text).toMatch(/\[not known\] +1 /);
  expect(text).not.toContain('\nUnits\n');
  const byUnit = reportText(machine({ by: 'unit' }));
  expect(byUnit.indexOf('\nUnits\n')).toBeGreaterThan(0);
  expect(byUnit.indexOf('\nUnits\n')).toBeLessThan(byUnit.indexOf('\nProcesses\n'));
  // Of a command and what it starts they come behind, without what is the same of all.
  const command = { command: ['make'], pids: [], whole: null };
  const ofCommand = reportText(machine({ target: command }));
  expect(ofCommand.indexOf('\nRegions\n')).toBeLessThan(ofCommand.indexOf('\nProcesses\n'));
  expect(ofCommand).not.toMatch(/USER|CGROUP|Cgroups/);
  expect(reportText(machine({ target: command, by: 'cgroup' }))).toContain('\nCgroups\n');
});

test('text: processes only where there are several; hostile names harmless', () => {
  expect(reportText(input())).not.toContain('Processes');
  const one = stats(1, { MINOR: 1 });
  const text = reportText(
    input(
      { target: { command: ['a\x1b[2J', 'b\nc'], pids: [] } },
      {
        processes: [process(500, one), process(501, one)],
        regions: [region(1, 'x\x9b31m\ny', { comm: '\x07' }, one)],
      },
    ),
  );
  expect(text).toContain('Processes');
  // oxlint-disable-next-line no-control-regex
  expect(text.replaceAll('\n', '')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  expect(text).toContain('x?31m?y');
});

test('of the whole machine: what /proc/vmstat counts, and why it is more', () => {
  const counts = { pgfault: 60_000, pgmajfault: 2, own: 1_500 };
  const { captured, lost } = completeness(FACTS);
  const more = grouped(60_000 - 1_500 - captured - lost);
  const text = reportText(machine({ machine: counts }));
  expect(text).toMatch(
    /\nMachine +60,000 in \/proc\/vmstat \(pgmajfault 2\): 1,500 of the analyzer itself, /,
  );
  expect(text).toContain(`itself, ${more} that no event reports`);
  expect(JSON.parse(jsonOf(machine({ machine: counts })))).toMatchObject({
    completeness: { machine: counts },
  });
  expect(JSON.parse(jsonOf(machine()))).toMatchObject({ completeness: { machine: null } });
  expect(reportText(machine())).not.toContain('vmstat');
});
