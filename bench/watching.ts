import { type Ended, type Running, sleep } from '../test/support/running';

/** Looks every so many ms while a program runs; how it ended. */
export async function watched(program: Running, everyMs: number, look: () => void): Promise<Ended> {
  for (;;) {
    const ended = await Promise.race([program.ended, sleep(everyMs)]);
    if (ended !== undefined) return ended;
    look();
  }
}
