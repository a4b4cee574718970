import { JobServiceClient } from '@google-cloud/aiplatform/build/src/v1/job_service_client';
import { LoggingServiceV2Client } from '@google-cloud/logging-api/build/src/v2/logging_service_v2_client';
import { Storage } from '@google-cloud/storage';
import { type AuthClient, GoogleAuth, PassThroughClient } from 'google-auth-library';
import { type CallOptions, type ClientOptions, grpc } from 'google-gax';
import { whyNoContainers } from '../../../emulators/containers/containerProcess.ts';
import { type GoogleOptions, type StartedGoogle, startGoogle } from '../../../emulators/google/startGoogle.ts';

/** Why tests whose replicas run are skipped here; null where they are not. */
export const noContainers = whyNoContainers();

/** An emulated project, with the vendor's own clients of it. */
export interface ClientGoogle extends StartedGoogle {
  readonly jobs: JobServiceClient;
  readonly logging: LoggingServiceV2Client;
  readonly storage: Storage;
  readonly parent: string;
  /** Who asks; over a way that is not encrypted the clients do not say it themselves. */
  readonly asked: () => Promise<CallOptions>;
}

export async function startWithClients(options: GoogleOptions = {}): Promise<ClientGoogle> {
  const google = await startGoogle(options);
  const auth = new GoogleAuth({
    keyFilename: google.credentialsPath,
    scopes: 'https://www.googleapis.com/auth/cloud-platform',
  });
  const jobs = new JobServiceClient(optionsOf(google.endpoints['aiplatform'] ?? ''));
  const logging = new LoggingServiceV2Client(optionsOf(google.endpoints['logging'] ?? ''));
  return {
    ...google,
    jobs,
    logging,
    storage: new Storage({
      projectId: google.project.id,
      apiEndpoint: google.endpoints['storage'] ?? '',
      useAuthWithCustomEndpoint: true,
      authClient: auth,
      retryOptions: { autoRetry: false, maxRetries: 0 },
    }),
    parent: `projects/${google.project.id}/locations/${google.region}`,
    asked: async () => {
      const client: AuthClient = await auth.getClient();
      return { otherArgs: { headers: Object.fromEntries(await client.getRequestHeaders()) } };
    },
    stop: async () => {
      await Promise.all([jobs.close(), logging.close()]);
      await google.stop();
    },
  };
}

function optionsOf(endpoint: string): ClientOptions {
  const { hostname, port } = new URL(endpoint);
  return {
    apiEndpoint: hostname,
    port: Number(port),
    sslCreds: grpc.credentials.createInsecure(),
    auth: new GoogleAuth({ authClient: new PassThroughClient() }),
  };
}

/** A job that runs a shell command in one replica or several. */
export function customJob(
  command: string,
  more: { readonly labels?: Record<string, string>; readonly workers?: number } = {},
) {
  const pool = (replicaCount: number) => ({
    machineSpec: { machineType: 'n1-standard-4' },
    replicaCount,
    containerSpec: { imageUri: 'python:3.12', command: ['/bin/bash', '-c'], args: [command] },
  });
  return {
    displayName: 'a job',
    labels: more.labels ?? {},
    jobSpec: { workerPoolSpecs: [pool(1), ...(more.workers === undefined ? [] : [pool(more.workers)])] },
  };
}
