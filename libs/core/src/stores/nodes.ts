/** What people say of a node. */
export interface NodeAttributes {
  readonly tier?: number;
  readonly weight?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** How far text that goes there travels. */
  readonly trust?: 'local' | 'cluster' | 'cloud';
  readonly type?: string;
  readonly platform?: string;
  readonly capabilities?: readonly string[];
}

/** What is kept of a node: that it was declared, and the certificate that it has. */
export interface NodeRecord {
  /** For people; unique. */
  readonly name: string;
  /** Id that its certificate names; undefined: it has none. */
  readonly id?: string;
  /** "agent": a machine that joins. Others: a model server without an agent. */
  readonly kind: 'agent' | 'ollama' | 'openai' | 'anthropic';
  readonly host?: string;
  readonly port?: number;
  readonly attributes: NodeAttributes;
  /** Milliseconds since 1970. */
  readonly joinedAt?: number;
  /** End of its newest certificate, milliseconds since 1970. */
  readonly certificateExpiresAt?: number;
  /** When it was removed, milliseconds since 1970: its id is refused from then on. */
  readonly removedAt?: number;
  /** Whether it was told to take no calls. */
  readonly cordoned?: boolean;
}

export interface NodeRepository {
  /** Adds the record, or replaces the one of that name. */
  put(node: NodeRecord): Promise<void>;
  /** All, removed ones included, by name. */
  list(): Promise<NodeRecord[]>;
  find(name: string): Promise<NodeRecord | undefined>;
  /** Forgets a node entirely. */
  remove(name: string): Promise<void>;
}
