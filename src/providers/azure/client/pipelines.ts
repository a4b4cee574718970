import {
  createDefaultHttpClient,
  createEmptyPipeline,
  decompressResponsePolicy,
  proxyPolicy,
  redirectPolicy,
  userAgentPolicy,
} from '@azure/core-rest-pipeline';

export { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';

/** Nothing is sent twice by itself: whoever asks knows whether that would be right. */
export const client = createDefaultHttpClient();
const userAgent = userAgentPolicy({ userAgentPrefix: 'Aloft' });

const usual = createEmptyPipeline();
usual.addPolicy(decompressResponsePolicy());
usual.addPolicy(userAgent);
usual.addPolicy(redirectPolicy({ maxRetries: 3 }));
usual.addPolicy(proxyPolicy());

/** For blobs, whose bytes must arrive as they are kept. */
const verbatim = createEmptyPipeline();
verbatim.addPolicy(userAgent);
verbatim.addPolicy(proxyPolicy());

export const pipelines = { usual, verbatim } as const;
