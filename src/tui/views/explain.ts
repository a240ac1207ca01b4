import { causeText, type CauseFacts } from '../../core/classify/cause-text';
import { CAUSE_NAMES, type CauseName } from '../../core/classify/classes';
import { causeRows } from '../../core/columns/cause-rows';
import type { Word } from '../../core/columns/words';
import type { StatRow } from '../../core/snapshot/snapshot';
import { percent } from '../../core/text/format';

/** Causes that are told of a row. */
const TOLD = 2;

/** A cause: what it is, and what one does about it. */
export function explainCause(name: CauseName, facts: CauseFacts): readonly Word[] {
  const { means, advice } = causeText(name, facts);
  return [
    { title: name, doc: means },
    { title: 'what to do', doc: advice },
  ];
}

/** The causes of a row that cost most. */
export function explainRow(row: StatRow, facts: CauseFacts): readonly Word[] {
  return causeRows([row], true)
    .slice(0, TOLD)
    .flatMap(({ cause, share }) => {
      const [what, advice] = explainCause(CAUSE_NAMES[cause]!, facts);
      return [
        { title: what!.title, doc: `${percent(share)} % of its faults: ${what!.doc}` },
        advice!,
      ];
    });
}
