/** Titles of what is no column of snapshot rows, each with its meaning: views print no other ones. */
export const TITLES = {
  columns: {
    history: {
      title: 'HISTORY',
      doc: 'faults per refresh, the newest on the right; each row to its own scale',
    },
    meaning: { title: 'WHAT IT IS', doc: 'the cause in words, and below what one does about it' },
    finding: {
      title: 'FINDING',
      doc: 'what dominates, with where, whose, which code, and what one does about it',
    },
    stallShare: {
      title: 'STALL%',
      doc: "of a finding: its time in faults in percent of one thread's time",
    },
    faults: { title: 'FAULTS', doc: 'their number' },
    bytes: { title: 'SIZE', doc: 'of a finding: 4 KiB for each of its faults, which is the least' },
    stall: { title: 'STALL', doc: 'in all: time that threads stood in faults' },
    time: {
      title: 'TIME',
      doc: 'of an event: when it ended, in seconds since the start; T tells the time of the day',
    },
    faultClass: { title: 'CLASS', doc: 'MAJOR, COW, MINOR or ERROR' },
    command: { title: 'COMMAND', doc: 'name of the thread' },
    tid: { title: 'TID', doc: 'the thread that took it' },
    access: { title: 'A', doc: 'the access: r read, w write, x execute' },
    address: { title: 'ADDRESS', doc: 'the address that was touched' },
    region: { title: 'REGION', doc: 'what is mapped there' },
    took: { title: 'TOOK', doc: 'from entry to completion; empty where that was not measured' },
    cause: { title: 'CAUSE', doc: 'why it was taken' },
    code: { title: 'CODE', doc: 'the function whose instruction faulted' },
    latency: {
      title: 'LATENCY',
      doc: 'range of the time that faults took; the bars are shares of their class',
    },
    latencyLog: {
      title: 'LATENCY (LOG)',
      doc: 'the same with bars by the logarithm of the number',
    },
    p50: { title: 'p50', doc: 'half of the faults took no longer' },
    p90: { title: 'p90', doc: '90 % of the faults took no longer' },
    p99: { title: 'p99', doc: '99 % of the faults took no longer' },
    p999: { title: 'p99.9', doc: '999 of 1000 faults took no longer' },
    max: { title: 'MAX', doc: 'the longest fault' },
    total: { title: 'TOTAL', doc: 'all latencies together' },
    mappedBy: {
      title: 'MAPPED BY',
      doc: 'who mapped most of it: the innermost functions of the call stack',
    },
    stack: { title: 'STACK, root first', doc: 'the functions that called what faulted, as a tree' },
  },
  details: {
    what: { title: 'what', doc: 'faults by class, and how many a second now' },
    why: { title: 'why', doc: 'their causes' },
    cost: {
      title: 'cost',
      doc: 'how long they took: half, 90 %, 99 % no longer; the longest; all together',
    },
    pages: {
      title: 'pages',
      doc: 'how many different ones, and faults on a page that had faulted before',
    },
    when: { title: 'when', doc: 'faults per refresh, the newest on the right' },
    where: { title: 'where', doc: 'the region in slices: the higher the mark, the more faults' },
    range: { title: 'range', doc: 'lowest and highest address' },
    who: { title: 'who', doc: 'the threads, most faults first' },
    hits: { title: 'hits', doc: 'the regions, most faults first' },
    code: { title: 'code', doc: 'the functions whose instructions faulted, most faults first' },
    callers: {
      title: 'callers',
      doc: 'who called the code that faulted, as a tree; needs --stacks',
    },
    callees: {
      title: 'callees',
      doc: 'the same calls from the root down (V); needs --stacks',
    },
    mappedBy: { title: 'mapped by', doc: 'the calls that made the mapping; needs --stacks' },
    addressByTime: {
      title: 'address by time',
      doc: 'where in the region faults fell, refresh by refresh',
    },
    offsetByTime: { title: 'file offset by time', doc: 'the same of a file' },
    latencyOverTime: {
      title: 'latency over time',
      doc: 'how long faults took, refresh by refresh',
    },
    do: { title: 'do', doc: 'what one usually does about it' },
    whose: { title: 'whose', doc: 'the processes' },
  },
  /** Of the lines that a report begins with. */
  head: {
    target: { title: 'Target', doc: 'what was looked at' },
    filter: { title: 'Filter', doc: 'faults that --filter drops are in no number of the report' },
    elapsed: {
      title: 'Elapsed',
      doc: 'how long it was captured, and what the faults took of that',
    },
    complete: {
      title: 'Complete',
      doc: 'faults captured and lost beside what the kernel itself has counted',
    },
    beyond: {
      title: 'Beyond',
      doc: 'pages that /proc/PID/stat counts and that no access has faulted for: nothing is lost there',
    },
    machine: { title: 'Machine', doc: 'the same beside /proc/vmstat, of the whole machine' },
    inFlight: { title: 'In flight', doc: 'faults that had not ended when capture did' },
    capture: { title: 'Capture', doc: 'full, or what could not be seen or was done differently' },
    tables: { title: 'Tables', doc: 'in which order the rows are, and how many at most' },
    note: { title: 'Note', doc: 'what qualifies the numbers' },
  },
  /** Of the sections of a report. */
  sections: {
    findings: { title: 'Findings', doc: 'what dominates, and what one does about it' },
    regions: { title: 'Regions', doc: 'which memory faulted, by what is mapped there' },
    sites: { title: 'Call sites', doc: 'which code faulted, by function and line' },
    stacks: { title: 'Stacks', doc: 'who called it; needs --stacks' },
    threads: { title: 'Threads', doc: 'who waited' },
    processes: { title: 'Processes', doc: 'the same by process' },
    causes: { title: 'Causes', doc: 'why they were taken, and the share of each in their cost' },
    latency: { title: 'Latency of', doc: 'how long the faults of a class took' },
    cgroups: { title: 'Cgroups', doc: 'processes by their control group' },
    units: { title: 'Units', doc: 'processes by their systemd unit' },
    users: { title: 'Users', doc: 'processes by their user' },
    names: { title: 'Names', doc: 'processes by their name' },
  },
} as const;
export type DetailTitle = keyof typeof TITLES.details;
