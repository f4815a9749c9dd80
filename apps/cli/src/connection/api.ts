import type * as access from '@tutti/proto/tutti/v1/access';
import type * as admin from '@tutti/proto/tutti/v1/admin';
import type * as cluster from '@tutti/proto/tutti/v1/cluster';
import type * as conversation from '@tutti/proto/tutti/v1/conversation';
import type * as log from '@tutti/proto/tutti/v1/log';
import type * as node from '@tutti/proto/tutti/v1/node';
import type * as pattern from '@tutti/proto/tutti/v1/pattern';
import type * as performance from '@tutti/proto/tutti/v1/performance';
import type * as queue from '@tutti/proto/tutti/v1/queue';

/** A message as its JSON: enums are their names. */
type Json<T> = Omit<T, '$typeName' | '$unknown'>;

export type NodeStatus = keyof typeof node.NodeStatus;
export type Node = Omit<Json<node.Node>, 'status'> & { readonly status: NodeStatus };
export type ClusterModel = Json<cluster.ClusterModel>;
export type ClusterStatus = Json<cluster.GetStatusResponse>;
export type AdminHealth = Json<admin.GetAdminHealthResponse>;
export type Key = Json<access.Key>;
export type NewKey = Json<access.CreateKeyResponse>;
export type JoinToken = Json<access.JoinToken>;
export type NewJoinToken = Json<access.CreateJoinTokenResponse>;
export type LogLine = Json<log.LogLine>;
export type LogPage = Json<log.QueryLogsResponse>;
export type Explanation = Json<performance.ExplainRequestResponse>;
export type Prewarmed = Json<performance.PrewarmResponse>;
export type Trace = Json<performance.GetTraceResponse>;
export type QueueStatus = Json<queue.GetQueueStatusResponse>;
export type CancelledCall = Json<queue.CancelCallResponse>;
export type RunState = keyof typeof pattern.ExecutionState;
export type RunEvent = Omit<Json<pattern.ExecutionEvent>, 'state'> & { readonly state?: RunState };
export type RunStep = Json<pattern.ExecutionStep>;
export type Run = Omit<Json<pattern.Execution>, 'state' | 'steps'> & {
  readonly state: RunState;
  readonly steps: readonly RunStep[];
};
export type Conversation = Omit<Json<conversation.Conversation>, 'state' | 'messages' | 'questions'> & {
  readonly state: keyof typeof conversation.ConversationState;
  readonly messages: readonly Json<conversation.ConversationMessage>[];
  readonly questions: readonly Json<conversation.ConversationQuestion>[];
};
export type RunSummary = Omit<Json<pattern.ExecutionSummary>, 'state'> & { readonly state: RunState };
export interface StartedRun {
  readonly id: string;
  readonly state: RunState;
  readonly pattern: string;
}
