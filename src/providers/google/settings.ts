import * as z from 'zod/mini';
import { usableSettings } from '../../core/connectionSettings.ts';
import type { JsonObject } from '../../core/provider.ts';

/** APIs whose address can be another one: Private Service Connect, restricted VIPs, `gcloud config set api_endpoint_overrides/…`. */
export const apis = [
  'aiplatform',
  'storage',
  'logging',
  'cloudresourcemanager',
  'cloudquotas',
  'cloudbilling',
  'oauth2',
] as const;

export type Api = (typeof apis)[number];

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/u;

/** `https://host[:port]`, or `http:` to this machine alone; `{region}` stands for the region of the job. */
const endpoint = z.string().check(
  z.refine((text) => {
    const url = URL.parse(text.replaceAll('{region}', 'region'));
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.test(url.hostname));
    return isSafe && url.pathname === '/' && url.search === '' && url.username === '';
  }),
);

const regionPattern = /^[a-z]+(?:-[a-z]+)*-?\d+$/u;

/** A region becomes a part of host names that tokens are sent to: nothing else may pass for one. */
export const regionSchema = z.string().check(z.regex(regionPattern));

export function isRegion(text: string): boolean {
  return regionPattern.test(text);
}

const settingsSchema = z.object({
  /** Id of the project, not its number or name. */
  project: z.string().check(z.regex(/^[a-z](?:[-a-z0-9.:]{4,61})[a-z0-9]$/u)),
  /** Where jobs may run; the first is taken when a job names none. */
  regions: z.array(regionSchema).check(z.minLength(1)),
  /** Cloud Storage bucket for code, results and what jobs need beside them. */
  bucket: z.string().check(z.regex(/^[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9]$/u)),
  /** E-mail of the service account that jobs run as; left out: the project's own agent for custom code. */
  serviceAccount: z.optional(z.string().check(z.minLength(1))),
  /** Full name of the VPC network that jobs are peered with. */
  network: z.optional(z.string().check(z.minLength(1))),
  endpoints: z._default(z.partialRecord(z.enum(apis), endpoint), {}),
});

/** Which project, and where in it, a connection is to. */
export type GoogleSettings = z.infer<typeof settingsSchema>;

/** Throws `invalid`, naming the setting. */
export function parseSettings(settings: JsonObject): GoogleSettings {
  return usableSettings(z.safeParse(settingsSchema, settings));
}

/** Where a job runs that names no region. */
export function defaultRegion({ regions }: GoogleSettings): string {
  return regions[0] ?? 'us-central1';
}
