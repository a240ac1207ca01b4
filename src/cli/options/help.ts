import { effectLines } from './effects';
import { OPTIONS } from './table';
import type { OptionSpec } from './table';

const USAGE = `usage: pagefault-analyzer [OPTIONS] -p PID[,PID...]
       pagefault-analyzer [OPTIONS] [--] COMMAND [ARG...]
       pagefault-analyzer [OPTIONS] -a | --name NAME | --cgroup PATH | --unit UNIT | --container ID
       pagefault-analyzer [OPTIONS] demo
       pagefault-analyzer [OPTIONS] -i FILE
       pagefault-analyzer diff [OPTIONS] A B
       pagefault-analyzer                (in a terminal: the whole machine, as root)

Shows every page fault of a program, or of the whole machine: its class, address, region and cost.
`;

export const EXAMPLES = `  sudo pagefault-analyzer -p 4321                     watch a process
  sudo pagefault-analyzer --unit nginx                watch a service
  sudo pagefault-analyzer --report -- make            where a build's faults are
  sudo pagefault-analyzer --format csv -o f.csv -d 10 -p 4321
  sudo pagefault-analyzer demo                        a workload with a known number of each kind`;

const STATUS = `Exit status: 0 success, also after Ctrl-C; 1 internal or write error; 2 wrong usage, permission or
configuration.
`;

/** `-p, --pid PIDS` */
function optionForm(spec: OptionSpec): string {
  const short = spec.short === '' ? '    ' : `-${spec.short}, `;
  return `${short}--${spec.long}${spec.value === '' ? '' : ` ${spec.value}`}`;
}

export function helpText(): string {
  const width = Math.max(...OPTIONS.map((spec) => optionForm(spec).length));
  const rows = OPTIONS.map((spec) => `  ${optionForm(spec).padEnd(width)}  ${spec.help}`);
  return `${USAGE}\n${rows.join('\n')}\n\n${effectLines().join('\n')}\n\nExamples:\n${EXAMPLES}\n\n${STATUS}`;
}
