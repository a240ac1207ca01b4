import { recordingEnd } from '../../../../src/core/facts/recordings';

test('faults of another session are told, one in the singular, behind why a recording ended early', () => {
  expect(recordingEnd('', 0)).toBe('');
  expect(recordingEnd('', 1)).toMatch(/^1 fault with the id of another perf session/);
  expect(recordingEnd('', 2)).toMatch(/^2 faults with the id of another perf session/);
  expect(recordingEnd('CUT_OFF', 2)).toMatch(/; 2 faults with/);
});
