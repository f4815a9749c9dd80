export { budgetFrom, defaultBudget, overdrawn, type Budget, type Resource, type Spent } from './budget.ts';
export type { Contribution } from './conversation/contribution.ts';
export type { ToolUse } from './conversation/tool-use.ts';
export type { OfferedTool, Tool, ToolPolicy, Tools } from './conversation/tool.ts';
export { createTurn } from './conversation/turn.ts';
export { shapedTasks } from './dag/shaped-tasks.ts';
export { taskStatuses, type DagTask, type EdgePolicy, type TaskStatus } from './dag/task.ts';
export { checkTasks, workflowTasksOf } from './dag/workflow-input.ts';
export {
  cancelledWorkflow,
  createWorkflow,
  nextTasks,
  taskTypes,
  updatedWorkflow,
  workflowResult,
  workflowState,
  workflowStrategies,
  type PlannedTask,
  type TaskChange,
  type TaskType,
  type Workflow,
  type WorkflowResult,
  type WorkflowState,
  type WorkflowStrategy,
  type WorkflowTask,
} from './dag/workflow.ts';
export { execute, type EngineOptions, type Execution, type RunEnd } from './engine.ts';
export type { Journal } from './journal.ts';
export { canonicalJson, type Json, type JsonObject } from './json.ts';
export type { Asked, AvailableModel, Estimate, Pattern, PatternInput, PatternResult, RunContext } from './pattern.ts';
export type { RunWishes } from './wishes.ts';
export { patterns, type PatternName } from './patterns.ts';
export type { Answer, FunctionCall, FunctionOffer, Question, StepLabel, Turn } from './question.ts';
export { replayRun, type Replayed, type RunFixture } from './replay-run.ts';
export type { HumanQuestion, Note, RunCaller, RunEntry, RunError, RunEvent } from './run-event.ts';
export { spentIn } from './run-state.ts';
