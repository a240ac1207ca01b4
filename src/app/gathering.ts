import type { RunPorts } from './run';

/**
 * Of the dashboard, and of a budget: each turn of the event loop costs as much as some hundreds of faults. Below what one
 * sees, and so much that a batch is worth its price. The mailbox holds three quarters of a second of a storm.
 */
export const GATHER_MS = 100;
/** The same of who counts a machine or with a budget, and shows no fault: nobody looks before the end of an interval. */
export const COUNTING_MS = 250;

/** Faults are gathered for so many ms before they are taken; 0: not at all. */
export function gathering(ms: number): Pick<RunPorts, 'gather'> {
  if (ms === 0) return {};
  return {
    gather: (action) => {
      setTimeout(action, ms);
    },
  };
}
