import { describeAgent } from './agent.fixture.ts';
import { fromPypi } from './from-pypi.ts';

// It has no tools: it edits what the model writes down.
describeAgent({
  page: 'aider',
  application: await fromPypi('aider-chat', '0.86.2'),
  env: { AIDER_ANALYTICS_DISABLE: 'true', AIDER_CHECK_UPDATE: 'false' },
});
