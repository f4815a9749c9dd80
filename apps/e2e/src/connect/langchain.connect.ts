import { fromPypi } from './from-pypi.ts';
import { describeScript } from './script.fixture.ts';

describeScript({ page: 'langchain', application: await fromPypi('langchain-ollama', '1.1.0') });
