import * as z from 'zod/mini';
import type { Json, JsonObject } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';

/** What is sent for a job, and what has to be there before. */
const requestSchema = z.object({
  name: z.string(),
  /** Resource id of the workspace. */
  workspace: z.string(),
  nodes: z.number(),
  secrets: z.array(z.string()),
  /** The environment that is made of an image, where one was chosen. */
  environment: z.nullable(z.object({ id: z.string(), image: z.string() })),
  /** The job acts as the person: their token for Azure ML goes along. */
  asUser: z.boolean(),
  /** Name of the datastore that the body takes the code from. */
  datastore: z.string(),
  /** Body of `PUT …/jobs/<name>`. */
  body: z.object({ properties: z.looseObject({ jobType: z.literal('Command') }) }),
});

export type JobRequest = z.infer<typeof requestSchema>;

/** Throws `invalid` when it was not made by this provider. */
export function parseRequest(request: Json): JobRequest {
  const parsed = z.safeParse(requestSchema, request);
  if (!parsed.success) {
    throw new ProviderError('invalid', 'This request was not made for Azure Machine Learning.', {
      raw: parsed.error.message,
    });
  }
  return parsed.data;
}

/** Body of `PUT` for the environment of an image. */
export function environmentBody(image: string): JsonObject {
  return { properties: { image, osType: 'Linux', isAnonymous: true } };
}
