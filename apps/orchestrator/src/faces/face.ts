import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { Clock, ClusterError, DocumentRepository } from '@tutti/core';
import type { Cluster, LearntEstimates } from '@tutti/core/cluster';
import type { Aliases } from '../models/aliases.ts';
import type { VirtualOllama } from '../models/virtual-ollama.ts';
import type { Answer } from './answer/answer.ts';
import type { DescribedRoute } from './docs/described-route.ts';
import type { Facts } from './docs/facts.ts';

/** An API that clients speak already. All that is said of it stands in its folder; the table of faces names it. */
export interface Face {
  readonly errors: ErrorWords;
  /** A second header that tells the request's id, if its clients look for one. */
  readonly requestIdHeader?: string;
  /** Adds its routes to the server. */
  readonly serve: (app: FastifyInstance, parts: FaceParts) => void;
  /** The group of its routes in the description of the API; left out: that of another face. */
  readonly tag?: Tag;
  readonly routes: (facts: Facts) => readonly DescribedRoute[];
  /** What its routes take and give, by names that no other face uses. */
  readonly shapes: Readonly<Record<string, z.ZodType>>;
}

/** A group of operations in the description of the API. */
export interface Tag {
  readonly name: string;
  readonly description: string;
}

/** How errors are told. */
export interface ErrorWords {
  /** Begins the names of their components in the description: `Ollama` of `OllamaError` and `Ollama404`. */
  readonly kind: string;
  readonly render: (error: ClusterError, requestId: string) => { readonly status: number; readonly body: string };
}

/** What faces show to their clients. */
export interface FaceParts {
  readonly answer: Answer;
  readonly cluster: Cluster;
  readonly models: VirtualOllama;
  readonly aliases: Aliases;
  readonly estimates: Pick<LearntEstimates, 'tokensPerCharacter'>;
  /** Responses that are kept, and what they answered. */
  readonly responses: DocumentRepository;
  readonly version: string;
  readonly clock: Clock;
}
