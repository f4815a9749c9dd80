import { loadConfig, type ConfigValues } from '@tutti/runtime/config';
import type { LogView } from './child.ts';

/** What was asked for on the command line; everything else comes from the configuration. */
export interface UpFlags {
  readonly port?: string;
  readonly host?: string;
  readonly backend?: string;
  readonly modelFile?: string;
  readonly config?: string;
  readonly logLevel?: string;
}

export interface UpSettings {
  readonly current: ConfigValues;
  /** Without the ports. */
  readonly orchestratorArgs: readonly string[];
  /** The ports that the orchestrator starts with at first. */
  readonly portArgs: readonly string[];
  readonly agentArgs: readonly string[];
  /** Running requests get so long to finish once the end was asked for. */
  readonly graceMs: number;
  /** What a person sees of the log: all of it if its level is set, else errors. */
  readonly logView: LogView;
  /** Nobody has said where agents come. */
  readonly anyGrpcPort: boolean;
}

const usualGraceMs = 10_000;

/** Beside a person at a screen some settings have other defaults than in a service; whatever is set anywhere stays. */
export function upSettings(flags: UpFlags, env: NodeJS.ProcessEnv): UpSettings {
  const shared = [...given('--config', flags.config), ...given('--log-level', flags.logLevel)];
  const asked = [...shared, ...given('--host', flags.host)];
  const portArgs = given('--port', flags.port);
  const args = [...asked, ...portArgs];
  const { current, origins } = loadConfig({ program: 'orchestrator', args, env, cwd: process.cwd() });
  const isSet = (path: string): boolean => origins[path]!.origin !== 'default';
  const unless = (path: string, flag: string, value: string): string[] => (isSet(path) ? [] : [flag, value]);
  return {
    current,
    portArgs,
    orchestratorArgs: [...asked, ...unless('server.shutdownGraceMs', '--shutdown-grace-ms', String(usualGraceMs))],
    agentArgs: [
      ...shared,
      ...unless('agent.shutdownGraceMs', '--shutdown-grace-ms', String(usualGraceMs)),
      ...unless('agent.host', '--host', '127.0.0.1'),
      ...unless('agent.port', '--port', '0'),
      ...(flags.backend === undefined ? unless('agent.backend', '--backend', 'auto') : ['--backend', flags.backend]),
      ...given('--model-file', flags.modelFile),
    ],
    graceMs: isSet('server.shutdownGraceMs') ? current.server.shutdownGraceMs : usualGraceMs,
    logView: isSet('logging.level') ? 'all' : 'errors',
    anyGrpcPort: !isSet('server.grpcPort'),
  };
}

function given(flag: string, value: string | undefined): string[] {
  return value === undefined ? [] : [flag, value];
}
