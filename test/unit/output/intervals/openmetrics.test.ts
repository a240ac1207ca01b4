import { CAUSE_COUNT, CLASS_COUNT, CLASS_NAMES } from '../../../../src/core/classify/classes';
import { SeriesTable } from '../../../../src/output/intervals/fault-series';
import { metricsText } from '../../../../src/output/intervals/openmetrics';
import { captureFacts } from '../../../support/facts';
import { parseMetrics } from '../../../support/metrics';
import * as sample from '../../../support/sample';

function textOf(comm: string, cgroup: string): string {
  const table = new SeriesTable();
  const byClass = Array.from({ length: CLASS_COUNT }, (_, k) => k + 1);
  const byCause = Array.from({ length: CAUSE_COUNT }, (_, k) => (k === 0 ? 10 : 0));
  const owner = { user: 'root', cgroup };
  table.update([sample.process({ comm, owner, byClass, byCause, stallNs: 1.5e9 })], 0, true);
  const facts = captureFacts(10, 3, 1);
  return metricsText(table.all, { ...facts, lost: { ...facts.lost, ring: 3, mailbox: 1 } });
}

test('every line is one of the text form, and each series is there once', () => {
  const samples = parseMetrics(textOf('nginx', '/system.slice/nginx.service'));
  const labels = { command: 'nginx', cgroup: '/system.slice/nginx.service', unit: 'nginx.service' };
  const faults = samples.filter(({ name }) => name === 'pagefault_faults_total');
  expect(faults).toEqual(
    CLASS_NAMES.map((name, k) => ({
      name: 'pagefault_faults_total',
      labels: { ...labels, class: name.toLowerCase() },
      value: k + 1,
    })),
  );
  expect(samples).toContainEqual({ name: 'pagefault_stall_seconds_total', labels, value: 1.5 });
  expect(samples).toContainEqual({ name: 'pagefault_lost_total', labels: {}, value: 4 });
  expect(samples.filter(({ name }) => name === 'pagefault_causes_total')).toHaveLength(1);
});

test('names that try to break out of a label are labels', () => {
  const [first] = parseMetrics(textOf('a"} 1\n\u001b[31m', '/x\\"y'));
  expect(first!.labels).toMatchObject({ command: 'a"} 1??[31m', cgroup: '/x\\"y' });
});
