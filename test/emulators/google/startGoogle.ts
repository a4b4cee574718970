import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GoogleApiError } from './apiError.ts';
import { Control } from './control.ts';
import { FaultPlan, type RequestInfo } from './faults.ts';
import { GrpcServer } from './grpc/grpcServer.ts';
import { serviceOf } from './grpc/protos.ts';
import { HttpServer } from './http/httpServer.ts';
import { projectApi } from './http/projectApi.ts';
import { type SignInState, signInApi } from './http/signInApi.ts';
import { LogStore } from './logging/logStore.ts';
import { LoggingService } from './logging/loggingService.ts';
import type { Project } from './project.ts';
import { Buckets } from './storage/buckets.ts';
import { storageApi } from './storage/storageApi.ts';
import { StorageError } from './storage/storageError.ts';
import { CloudClock } from './time.ts';
import { Tokens } from './tokens.ts';
import { describeJobRequest, jobHandlers } from './vertex/jobService.ts';
import { VertexJobs } from './vertex/vertexJobs.ts';

export interface GoogleOptions {
  readonly project?: string;
  /** Where jobs may run; `us-central1`, `us-east5` and `europe-west4` where it is not given. */
  readonly regions?: readonly string[];
  /** Buckets that are there from the beginning; `<project>-aloft` where it is not given. */
  readonly buckets?: readonly string[];
  /** False leaves out what the service itself says in the log of a job. */
  readonly serviceLog?: boolean;
}

export interface StartedGoogle {
  readonly project: Project;
  /** The first bucket. */
  readonly bucket: string;
  readonly region: string;
  /** Where each API is, as the setting `endpoints` of a connection has it. */
  readonly endpoints: Readonly<Record<string, string>>;
  /**
   * A credentials file for GOOGLE_APPLICATION_CREDENTIALS: workload identity federation, whose tokens are exchanged here, for
   * the service account `serviceAccount`.
   */
  readonly credentialsPath: string;
  readonly serviceAccount: string;
  /** The project's own temporary folder; other files of a test may go there. */
  readonly folder: string;
  readonly control: Control;
  /** Ends every process, connection and timer, and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Starts one project of an emulated Google Cloud in this process: Vertex AI's custom jobs and Cloud Logging over gRPC; Cloud
 * Storage, sign-in, Resource Manager, Cloud Quotas and the billing catalogue over HTTP. Replicas are processes of this machine.
 * Its limits:
 *
 * - Replicas need Linux namespaces (`whyNoContainers`). They see this machine's programs whatever their image is, share its
 *   network and have no accelerators. A replica that fails is not started again.
 * - Below `/gcs` a file is an object as soon as it is written, not when it is closed. Names that are no paths of files cannot be
 *   stored, and there is one generation of an object.
 * - Nothing is encrypted; one port serves all regions.
 * - Of JobService only what concerns custom jobs is there; of Cloud Logging only reading.
 */
export async function startGoogle(options: GoogleOptions = {}): Promise<StartedGoogle> {
  const folder = await mkdtemp(join(tmpdir(), 'aloft-google-'));
  const {
    project: id = 'aloft-lab',
    regions = ['us-central1', 'us-east5', 'europe-west4'],
    buckets: bucketNames = [`${id}-aloft`],
    serviceLog = true,
  } = options;
  const project: Project = { id, number: '314159265358', name: 'Aloft Lab', regions };
  const clock = new CloudClock();
  const faults = new FaultPlan();
  const tokens = new Tokens();
  const refusals = new Map<string, GoogleApiError>();
  const serviceAccount = `trainer@${id}.iam.gserviceaccount.com`;
  const signIn: SignInState = { subjectToken: 'subject-token', serviceAccount };
  const logs = new LogStore(clock, id);
  const logging = new LoggingService(logs, project, clock);
  const buckets = new Buckets(join(folder, 'buckets'), clock);
  bucketNames.forEach((name) => buckets.create(name));
  const jobs = new VertexJobs({ folder: join(folder, 'jobs'), project, clock, logs, buckets, serviceLog });

  const admit = (info: RequestInfo, authorization: string | undefined): void => {
    const problem = tokens.problem(authorization, `${info.api}.googleapis.com`);
    if (problem !== null) {
      throw info.api === 'storage' ? new StorageError(401, 'authError', 'Invalid Credentials') : problem;
    }
    const refusal = refusals.get(info.method) ?? refusals.get(info.api);
    if (refusal !== undefined) {
      throw info.api === 'storage' ? new StorageError(refusal.httpStatus, 'forbidden', refusal.message) : refusal;
    }
  };
  const grpc = new GrpcServer(
    [
      {
        methods: serviceOf('@google-cloud/aiplatform', 'google.cloud.aiplatform.v1.JobService'),
        handlers: jobHandlers(jobs, project),
        describe: describeJobRequest,
        admit,
      },
      {
        methods: serviceOf('@google-cloud/logging-api', 'google.logging.v2.LoggingServiceV2'),
        handlers: logging.handlers,
        describe: (method) => ({ api: 'logging', method, region: '', resource: '', at: Date.now() }),
        admit,
      },
    ],
    faults,
  );
  const apis = [
    storageApi(buckets),
    signInApi(tokens, signIn, clock),
    projectApi(project, jobs.quotas, () => control.skus),
  ];
  const http = new HttpServer(apis, faults, admit, clock);
  const control = new Control({ faults, grpc, http, jobs, logs, logging, buckets, tokens, signIn, clock, refusals });

  const grpcUrl = `http://127.0.0.1:${await grpc.listen()}`;
  const httpUrl = `http://127.0.0.1:${await http.listen()}`;
  return {
    project,
    bucket: bucketNames[0] ?? '',
    region: regions[0] ?? '',
    endpoints: {
      aiplatform: grpcUrl,
      logging: grpcUrl,
      storage: httpUrl,
      oauth2: httpUrl,
      cloudresourcemanager: httpUrl,
      cloudquotas: httpUrl,
      cloudbilling: httpUrl,
    },
    credentialsPath: await writeCredentials(folder, httpUrl, project, signIn),
    serviceAccount,
    folder,
    control,
    stop: async () => {
      await jobs.stop();
      await Promise.all([grpc.close(), http.close()]);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function writeCredentials(
  folder: string,
  url: string,
  { number }: Project,
  { subjectToken, serviceAccount }: SignInState,
): Promise<string> {
  const subject = join(folder, 'subject-token');
  await writeFile(subject, subjectToken, { mode: 0o600 });
  const path = join(folder, 'credentials.json');
  const credentials = {
    type: 'external_account',
    audience: `//iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/lab/providers/lab`,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${url}/v1/token`,
    service_account_impersonation_url: `${url}/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`,
    credential_source: { file: subject },
  };
  await writeFile(path, JSON.stringify(credentials), { mode: 0o600 });
  return path;
}
