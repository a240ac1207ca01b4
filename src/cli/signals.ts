const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first signal asks for an orderly end; the second one ends us as if there were no handler. It is
 * raised again rather than turned into an exit: process.exit() in a SIGHUP handler aborts Node 20, and
 * the shell should see what ended us. Returns a function that removes the handlers.
 */
export function onInterrupt(first: () => void, beforeSecond: () => void): () => void {
  let asked = false;
  const remove = (): void => {
    for (const signal of SIGNALS) process.removeListener(signal, handle);
  };
  const handle = (signal: NodeJS.Signals): void => {
    if (!asked) {
      asked = true;
      first();
      return;
    }
    beforeSecond();
    remove();
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return remove;
}
