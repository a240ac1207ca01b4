// What Node destroys at its start, noted for a COMMAND that is to get it back: before any
// JavaScript runs, Node resets ignored signals, raises limits and marks descriptors close-on-exec.
#pragma once

// The notes, in a memfd that is read from its beginning and that an exec keeps (its size has no
// limit, as that of one string of an environment has). To be called before anything is changed;
// afterwards the descriptors 0 to 2 are open. -1 with errno, and *call is what failed.
//
// First a line, for src/sources/live/inheritance.ts:
//   nofile=SOFT:HARD;ignored=HEX;blocked=HEX;closed=0,2;fds=3-5,9;lack=WHAT
// Limits are numbers or "unlimited". Bit N-1 of a mask is signal N. WHAT could not be found out are
// the names of limit, signals and descriptors, joined by commas. Behind the line every entry of the
// environment, each with the zero byte that ends it.
int TakeNotes(const char** call);
