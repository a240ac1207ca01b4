import { RecordingEnd } from '../../../../src/sources/live/recording-end';
import { OpenQuestions } from '../../../../src/sources/live/open-questions';
import type { CaptureFacts } from '../../../../src/core/facts/capture-facts';

const questions = (): OpenQuestions =>
  new OpenQuestions(() => 0, { limits: { questionMs: 0, budgetMs: 0 } });

function rig() {
  const [owners, servers] = [questions(), questions()];
  const told: string[] = [];
  const noted = { noteEnd: () => void told.push('end') };
  const session = { recording: () => null, recordEnd: () => void told.push('closed') };
  const end = new RecordingEnd(noted, session, [owners, servers]);
  const run = { facts: {} as CaptureFacts, stoppedAt: 1 };
  const hand = (take: () => void): void => {
    end.hand(run, take);
  };
  return { owners, servers, told, hand, end };
}

test('every answer that is on its way is taken before the end is told', async () => {
  const { owners, servers, told, hand, end } = rig();
  const [ofOwner, ofServer] = [owners.begin(), servers.begin()];
  hand(() => void told.push('take'));
  ofOwner(() => void told.push('owner'));
  await owners.settled();
  ofServer(() => void told.push('server'));
  await end.handed;
  expect(told.filter((text) => text !== 'take')).toEqual(['owner', 'server', 'end', 'closed']);
  expect(told.lastIndexOf('take')).toBeGreaterThan(told.indexOf('server'));
});

test('a recording is ended where the model has failed, too', async () => {
  const { told, hand, end } = rig();
  hand(() => {
    throw new Error('failed');
  });
  await end.handed;
  expect(told).toEqual(['end', 'closed']);
});
