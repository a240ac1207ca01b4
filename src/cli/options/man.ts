import { CAUSE_NAMES } from '../../core/classify/classes';
import { CLASS_WORDS, WORDS, type Word } from '../../core/columns/words';
import { effectLines } from './effects';
import { EXAMPLES } from './help';
import { OPTIONS } from './table';
import type { OptionSpec } from './table';

/** roff takes a backslash as its own, and a dot or quote at the start of a line; `-` would be a hyphen. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

function option({ short, long, value, help }: OptionSpec): string {
  const names = [...(short === '' ? [] : [`-${short}`]), `--${long}`];
  const bold = names.map((name) => `\\fB${roff(name)}\\fR`).join(', ');
  const argument = value === '' ? '' : ` \\fI${roff(value)}\\fR`;
  return `.TP\n${bold}${argument}\n${roff(help)}`;
}

function definition({ title, doc }: Word): string {
  return `.TP\n${roff(title)}\n${roff(doc)}`;
}

/** The manual page (man(7)), from the same tables as --help. */
export function manPage(): string {
  return `.TH PAGEFAULT\\-ANALYZER 1
.SH NAME
pagefault\\-analyzer \\- where page faults happen, what they cost, and who causes them
.SH SYNOPSIS
.nf
\\fBpagefault\\-analyzer\\fR [\\fIOPTIONS\\fR] \\fB\\-p\\fR \\fIPID\\fR[,\\fIPID\\fR...]
\\fBpagefault\\-analyzer\\fR [\\fIOPTIONS\\fR] [\\fB\\-\\-\\fR] \\fICOMMAND\\fR [\\fIARG\\fR...]
\\fBpagefault\\-analyzer\\fR [\\fIOPTIONS\\fR] \\fB\\-a\\fR | \\fB\\-\\-name\\fR \\fINAME\\fR | \\fB\\-\\-cgroup\\fR \\fIPATH\\fR | \\fB\\-\\-unit\\fR \\fIUNIT\\fR | \\fB\\-\\-container\\fR \\fIID\\fR
\\fBpagefault\\-analyzer\\fR [\\fIOPTIONS\\fR] \\fBdemo\\fR
\\fBpagefault\\-analyzer\\fR [\\fIOPTIONS\\fR] \\fB\\-i\\fR \\fIFILE\\fR
\\fBpagefault\\-analyzer diff\\fR [\\fIOPTIONS\\fR] \\fIA\\fR \\fIB\\fR
.fi
.SH DESCRIPTION
Attaches to processes, to a cgroup or to the whole machine, or starts a command, and captures every page fault through perf ring buffers:
its class and cause, its address and the region of memory it belongs to, and how long it took.
With a terminal on both sides and none of the options that ask for a stream a dashboard opens;
otherwise faults are printed as they happen.
.SH OPTIONS
${OPTIONS.map(option).join('\n')}
.PP
${effectLines().map(roff).join('\n')}
.SH CLASSES
${CLASS_WORDS.map(definition).join('\n')}
.PP
Each fault also has a cause:
${roff(CAUSE_NAMES.join(', '))}.
${WORDS.filter(({ words }) => words !== CLASS_WORDS)
  .map(({ name, words }) => `.SH ${roff(name.toUpperCase())}\n${words.map(definition).join('\n')}`)
  .join('\n')}
.SH EXIT STATUS
.TP
0
Success, also when the target ends or the user interrupts: the summary is printed.
.TP
1
An internal error, or output that could not be written.
.TP
2
Wrong usage, permission or configuration: one line says what, why and what to do.
.PP
The status of a \\fICOMMAND\\fR is said on standard error and does not change it.
.SH EXAMPLES
.nf
${roff(EXAMPLES)}
.fi
.SH SEE ALSO
.BR perf (1),
.BR perf_event_open (2),
.BR proc (5)
`;
}
