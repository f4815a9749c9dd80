import { askFor } from '../ask-for.ts';
import type { RunContext } from '../pattern.ts';
import { briefly } from '../player.ts';
import type { Turn } from '../question.ts';
import { said, saidByEither } from '../said.ts';
import { share } from '../share.ts';
import type { Cast } from './cast.ts';
import { verdictShape, type MaestroTask } from './plan.ts';
import { crafts, criticPrompt, repairPrompt, taskPrompt, type TaskResult } from './prompts.ts';

/** A specialist's work on a task. */
export type AgentWork = {
  readonly id: string;
  readonly agentType: MaestroTask['role'];
  readonly model: string;
  readonly task: string;
  readonly content: string;
  /** "passed": the critic let it through. "repaired": done again after the critic. "failed": it could not be. "unchecked". */
  readonly checked: 'passed' | 'repaired' | 'failed' | 'unchecked';
  /** What the critic found. */
  readonly defects: readonly string[];
};

interface Options {
  readonly cast: Cast;
  readonly turns: readonly Turn[];
  readonly context: RunContext;
  /** Calls that the run still makes, about; each gets its part of the tokens. */
  readonly callsLeft: () => number;
  /** What there is of a task: its first draft, and what the critic made of it. */
  readonly onWork: (work: AgentWork) => void;
}

const most = { work: 1_024, verdict: 256 };

/** Does tasks: the specialist's work, the critic's look at it, and one repair. */
export function createWork({ cast, turns, context, callsLeft, onWork }: Options) {
  const results = new Map<string, TaskResult>();

  const question = (task: MaestroTask, messages: readonly Turn[]) => ({
    ...{ messages, label: { role: task.role, task: task.id }, temperature: 0.4 },
    maxTokens: share(context, most.work, callsLeft()),
  });

  const verdictOn = async (step: string, task: MaestroTask, content: string) => {
    if (task.check.trim() === '' || task.role === 'critic') return undefined;
    const asked = {
      ...briefly(cast.specialists.critic),
      ...{ messages: criticPrompt(task, content), label: { role: 'critic', task: task.id } },
      ...{ maxTokens: share(context, most.verdict, callsLeft()), temperature: 0 },
    };
    return askFor(context, `${step}.check`, asked, verdictShape);
  };

  return async (task: MaestroTask): Promise<AgentWork> => {
    const { id, role } = task;
    const step = `task.${id}`;
    const inputs = task.dependencies.map((dependency) => results.get(dependency)!);
    const messages = taskPrompt(turns, crafts[role], task.task, inputs);
    const players = [cast.specialists[role], cast.coordinator] as const;
    const { model, text } = await saidByEither(context, step, players, () => question(task, messages));
    const keep = (content: string, checked: AgentWork['checked'], defects: readonly string[] = []): AgentWork => {
      const work = { id, agentType: role, model, task: task.task, content, checked, defects };
      results.set(id, work);
      onWork(work);
      return work;
    };
    const unchecked = keep(text, 'unchecked');
    const verdict = await verdictOn(step, task, text);
    if (!verdict) return unchecked;
    if (verdict.pass || verdict.defects.length === 0) return keep(text, 'passed');
    const { defects } = verdict;
    const repair = { ...question(task, repairPrompt(messages, text, defects)), model };
    return said(context, `${step}.repair`, repair).then(
      (better) => keep(better.text, 'repaired', defects),
      () => keep(text, 'failed', defects),
    );
  };
}
