import { loadConfig } from '@tutti/runtime/config';
import type { AdminHealth, ClusterStatus, Node } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';
import { connect, type ConnectionOptions } from '../connection/connect.ts';
import { checkClock, checkNodes, checkOrchestrator, checkStore } from './cluster-checks.ts';
import type { Check, Cluster, Finding, Patient } from './finding.ts';
import { checkCertificates, checkDataFolder, checkSecretFiles } from './folder-checks.ts';
import { checkConfig, checkDisk, checkGpu, checkNodeVersion, checkOllama, checkPorts } from './machine-checks.ts';

/** Everything that is looked at, in the order in which it is told. */
const checks: readonly Check[] = [
  checkNodeVersion,
  checkConfig,
  checkDataFolder,
  checkSecretFiles,
  checkCertificates,
  checkDisk,
  checkGpu,
  checkOllama,
  checkPorts,
  checkOrchestrator,
  checkClock,
  checkNodes,
  checkStore,
];

/** Looks at this machine and at its orchestrator. */
export async function examine(options: ConnectionOptions, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const config = await attempt(() => loadConfig({ program: 'orchestrator', args: [], env, cwd: process.cwd() }));
  const agent = await attempt(() => loadConfig({ program: 'agent', args: [], env, cwd: process.cwd() }));
  const client = await attempt(() => connect(options, env));
  const patient: Patient = {
    settings: config instanceof Error ? config : config.current,
    agentSettings: agent instanceof Error ? undefined : agent.current.agent,
    configFile: config instanceof Error ? undefined : config.file,
    client,
    cluster: client instanceof Error ? client : await attempt(() => readCluster(client)),
  };
  const findings = await Promise.all(checks.map(async (check) => check(patient)));
  return findings.filter((finding) => finding !== undefined);
}

async function readCluster(client: Client): Promise<Cluster> {
  const response = await client.send('GET', '/api/cluster/status');
  const aheadMs = Date.parse(response.headers.get('date') ?? '') - Date.now();
  const [status, { nodes }, health] = await Promise.all([
    response.json() as Promise<ClusterStatus>,
    client.json<{ nodes: Node[] }>('GET', '/api/nodes'),
    client.json<AdminHealth>('GET', '/admin/health'),
  ]);
  return { status, nodes, health, aheadMs };
}

async function attempt<T>(read: () => T | Promise<T>): Promise<T | Error> {
  try {
    return await read();
  } catch (error) {
    return error as Error;
  }
}
