import { describeAgent } from './agent.fixture.ts';
import { fromNpm } from './from-npm.ts';

describeAgent({
  page: 'cline',
  application: await fromNpm('cline', '3.0.65'),
  tool: 'run_commands',
  env: { CLINE_NO_AUTO_UPDATE: '1', DO_NOT_TRACK: '1' },
  end: 'cline hub stop',
});
