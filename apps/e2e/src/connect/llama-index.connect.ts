import { fromPypi } from './from-pypi.ts';
import { describeScript } from './script.fixture.ts';

describeScript({
  page: 'llama-index',
  application: await fromPypi('llama-index-llms-ollama', '0.11.0', { and: ['llama-index-embeddings-ollama==0.10.0'] }),
});
