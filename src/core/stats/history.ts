/** Ticks of which the faults are kept apart, per row and in all. */
export const HISTORY_TICKS = 60;
