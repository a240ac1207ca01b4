import { causes } from './causes';
import { cgroups } from './cgroups';
import { events } from './events';
import { findings } from './findings';
import { latency } from './latency';
import { output } from './output';
import { processes } from './processes';
import { regions } from './regions';
import { sites } from './sites';
import { threads } from './threads';
import { comparedView } from './compared';
import type { ViewEntry } from './view';

/** The views, in the order of their tabs and numbers. Tabs, keys, help, frames and `w` follow from it. */
export const VIEWS: readonly ViewEntry[] = [
  regions,
  threads,
  processes,
  causes,
  latency,
  events,
  output,
  sites,
  findings,
  cgroups,
];

/** The same where two runs are compared: one for each of what they can be compared by. */
export const COMPARED_VIEWS: readonly ViewEntry[] = [
  comparedView('region', 'Regions'),
  comparedView('call-site', 'Call sites'),
  comparedView('cause', 'Causes'),
  comparedView('process', 'Processes'),
];
