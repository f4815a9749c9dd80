import { describeAgent } from './agent.fixture.ts';
import { fromNpm } from './from-npm.ts';

describeAgent({
  page: 'claude-code',
  application: await fromNpm('@anthropic-ai/claude-code', '2.1.330'),
  tool: 'Bash',
  // Its last message is about the folder that it works in.
  toolNamedBy: 'folder',
  env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
});
