import type { OperationNotes } from '@tutti/rpc/openapi';

/** An id that no workflow has. */
const noWorkflow = 'no-such-workflow';

const plan = 'Plan a weekend in Rome: sights, food and a budget.';
const budget = { maxTokens: 400 };

/** Notes on the operations of workflows; `runErrors` are the errors of every run. */
export function workflowNotes(model: string, runErrors: readonly number[]): Readonly<Record<string, OperationNotes>> {
  const absent: OperationNotes = {
    more: 'The example names no workflow.',
    parameters: { id: noWorkflow },
    errors: [503],
    status: 404,
  };
  return {
    decomposeChat: {
      errors: [409, ...runErrors],
      bodies: {
        chat: {
          summary: 'A chat',
          value: { model, messages: [{ role: 'user', content: plan }], stream: false, budget },
        },
      },
    },
    decomposeGenerate: {
      errors: [409, ...runErrors],
      bodies: { prompt: { summary: 'A prompt', value: { model, prompt: plan, stream: false, budget } } },
    },
    getWorkflow: absent,
    getNextTasks: absent,
    getWorkflowResult: { ...absent, errors: [409, 503] },
    updateTask: {
      ...absent,
      errors: [409, 503],
      parameters: { workflowId: noWorkflow, taskId: 't1' },
      bodies: {
        done: { summary: 'It is done', value: { status: 'COMPLETED', result: 'Trastevere, in the evening.' } },
      },
    },
    runWorkflow: {
      ...absent,
      errors: [409, ...runErrors.filter((status) => status !== 404)],
      bodies: { within: { summary: 'Within a budget', value: { budget: { maxTokens: 4_000 } } } },
    },
    cleanupWorkflows: {
      errors: [503],
      bodies: { day: { summary: 'Those of the day before', value: { olderThanMs: 86_400_000 } } },
    },
  };
}
