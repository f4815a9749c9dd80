import { describeAgent } from './agent.fixture.ts';
import { fromNpm } from './from-npm.ts';

describeAgent({
  page: 'opencode',
  application: await fromNpm('opencode-ai', '1.18.33'),
  tool: 'bash',
  env: { OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1' },
});
