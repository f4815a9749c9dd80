import { describeAgent } from './agent.fixture.ts';
import { fromNpm } from './from-npm.ts';

describeAgent({
  page: 'continue',
  application: await fromNpm('@continuedev/cli', '1.5.47'),
  tool: 'Bash',
  env: { CONTINUE_TELEMETRY_ENABLED: '0', CONTINUE_CLI_ENABLE_TELEMETRY: '0' },
});
