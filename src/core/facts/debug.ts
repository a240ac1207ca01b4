/** What PAGEFAULT_DEBUG may ask for. */
export const DEBUG_TOPICS = ['capture', 'maps'] as const;
export type DebugTopic = (typeof DEBUG_TOPICS)[number];

/** Takes lines of the debug log; `text` is asked for only where its topic is wanted. */
export type Debug = (topic: DebugTopic, text: () => string) => void;

export const NO_DEBUG: Debug = () => undefined;

/** The topics of PAGEFAULT_DEBUG (separated by commas), and what in it is none. */
export function debugTopics(setting: string): {
  readonly topics: readonly DebugTopic[];
  readonly unknown: readonly string[];
} {
  const names = setting.split(',').filter((name) => name !== '');
  return {
    topics: DEBUG_TOPICS.filter((topic) => names.includes(topic)),
    unknown: names.filter((name) => !DEBUG_TOPICS.some((topic) => topic === name)),
  };
}

/** A debug log of these topics; `write` takes lines without a newline, `now` is ms since the start. */
export function debugLog(
  topics: readonly DebugTopic[],
  now: () => number,
  write: (line: string) => void,
): Debug {
  if (topics.length === 0) return NO_DEBUG;
  return (topic, text) => {
    if (topics.includes(topic)) write(`debug: ${now().toFixed(1)} ms ${topic}: ${text()}`);
  };
}
