import { CAUSE_NAMES, CLASS_NAMES } from '../../core/classify/classes';
import { knowsCow, totalLost } from '../../core/facts/capture-facts';
import type { CaptureFacts } from '../../core/facts/capture-facts';
import { unitOf } from '../../core/facts/owner';
import { causeCount, classCount, MAX_SERIES, stallSeconds } from './fault-series';
import type { FaultSeries } from './fault-series';
import { OTHERS } from '../../core/stats/limits';

type Labels = readonly (readonly [name: string, value: string])[];

/**
 * Counters in the text form of Prometheus (exposition format 0.0.4), for the textfile collector of the node exporter:
 * without time stamps, which that refuses.
 */
export function metricsText(series: readonly FaultSeries[], capture: CaptureFacts): string {
  const cow = knowsCow(capture.mode);
  const lines = [
    ...family('pagefault_faults_total', `Page faults by class. ${BOUND}`),
    ...series.flatMap((one) =>
      CLASS_NAMES.flatMap((name, index) =>
        name === 'COW' && !cow
          ? []
          : [
              sample(
                'pagefault_faults_total',
                [...whose(one), ['class', name.toLowerCase()]],
                classCount(one, index),
              ),
            ],
      ),
    ),
    ...family('pagefault_causes_total', `The same faults by cause. ${BOUND}`),
    ...series.flatMap((one) =>
      CAUSE_NAMES.flatMap((name, index) => {
        const count = causeCount(one, index);
        const labels: Labels = [...whose(one), ['cause', name]];
        return count === 0 ? [] : [sample('pagefault_causes_total', labels, count)];
      }),
    ),
    ...family('pagefault_stall_seconds_total', `Time that threads stood in faults. ${BOUND}`),
    ...series.map((one) => sample('pagefault_stall_seconds_total', whose(one), stallSeconds(one))),
    ...family(
      'pagefault_lost_total',
      'Faults that were not captured: they are in no other counter.',
    ),
    sample('pagefault_lost_total', [], totalLost(capture.lost)),
  ];
  return `${lines.join('\n')}\n`;
}

const BOUND = `cgroup="": not known; beyond ${MAX_SERIES} pairs of command and cgroup: command="${OTHERS}".`;

function family(name: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`];
}

function whose({ command, cgroup }: FaultSeries): Labels {
  const unit = cgroup === OTHERS ? OTHERS : unitOf(cgroup);
  return [
    ['command', command],
    ['cgroup', cgroup],
    ['unit', unit],
  ];
}

function sample(name: string, labels: Labels, value: number): string {
  const inner = labels.map(([label, text]) => `${label}="${escaped(text)}"`).join(',');
  return `${name}${inner === '' ? '' : `{${inner}}`} ${value}`;
}

/** A label value may be any text: backslash and quote are escaped. Printable names have no line feed. */
function escaped(text: string): string {
  return text.replace(/[\\"]/g, (character) => `\\${character}`);
}
