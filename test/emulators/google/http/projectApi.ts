import type { ApiName, RequestInfo } from '../faults.ts';
import type { Project } from '../project.ts';
import type { Quotas } from '../vertex/quotas.ts';
import type { HttpApi } from './httpServer.ts';

/** What Cloud Billing's catalogue says of one thing that is sold, where it concerns custom training. */
export interface Sku {
  readonly description: string;
  readonly region: string;
  readonly usageType: 'OnDemand' | 'Preemptible';
  /** US dollars for an hour of one. */
  readonly hourly: number;
  /** One accelerator or vCPU, if not one GiB. */
  readonly unit?: 'GiBy.h';
}

const vertexService = 'C7E2-9256-1C43';

/** Projects, quotas and prices: Resource Manager v3, Cloud Quotas v1, Cloud Billing Catalog v1. */
export function projectApi(project: Project, quotas: Quotas, skus: () => readonly Sku[]): HttpApi {
  return {
    needsToken: () => true,
    describe: (_method, { pathname }) => describe(pathname),
    answer: ({ url }, { method }) => {
      switch (method) {
        case 'projects.search':
          return { status: 200, body: { projects: [projectResource(project)] } };
        case 'projects.get':
          return { status: 200, body: projectResource(project) };
        case 'quotaInfos.list':
          return { status: 200, body: { quotaInfos: quotaInfos(project, quotas) } };
        default:
          return { status: 200, body: pageOfSkus(skus(), url.searchParams) };
      }
    },
  };
}

function describe(pathname: string): RequestInfo | null {
  const found = routes.find(({ path }) => path.test(pathname));
  return found === undefined
    ? null
    : { api: found.api, method: found.method, region: '', resource: pathname, at: Date.now() };
}

const routes: readonly { readonly path: RegExp; readonly api: ApiName; readonly method: string }[] = [
  { path: /^\/v3\/projects:search$/u, api: 'cloudresourcemanager', method: 'projects.search' },
  { path: /^\/v[13]\/projects\/[^/]+$/u, api: 'cloudresourcemanager', method: 'projects.get' },
  {
    path: /^\/v1\/projects\/[^/]+\/locations\/global\/services\/aiplatform\.googleapis\.com\/quotaInfos$/u,
    api: 'cloudquotas',
    method: 'quotaInfos.list',
  },
  { path: new RegExp(`^/v1/services/${vertexService}/skus$`, 'u'), api: 'cloudbilling', method: 'skus.list' },
];

function projectResource({ id, number, name }: Project): object {
  return {
    name: `projects/${number}`,
    parent: 'organizations/100000000001',
    projectId: id,
    state: 'ACTIVE',
    displayName: name,
    createTime: '2024-01-01T00:00:00Z',
  };
}

function quotaInfos({ number }: Project, quotas: Quotas): readonly object[] {
  const metrics = [...new Set(quotas.limits.map(({ metric }) => metric))];
  return metrics.map((metric) => {
    const quotaId = `${metric}-per-project-region`.replaceAll('_', '-');
    return {
      name: `projects/${number}/locations/global/services/aiplatform.googleapis.com/quotaInfos/${quotaId}`,
      quotaId,
      metric: `aiplatform.googleapis.com/${metric}`,
      service: 'aiplatform.googleapis.com',
      isPrecise: true,
      containerType: 'PROJECT',
      dimensions: ['region'],
      dimensionsInfos: quotas.limits
        .filter((each) => each.metric === metric)
        .map(({ region, limit }) => ({
          dimensions: { region },
          details: { value: String(limit) },
          applicableLocations: [region],
        })),
    };
  });
}

/** At most 5,000 at once, as the real one. */
function pageOfSkus(skus: readonly Sku[], query: URLSearchParams): object {
  const start = Number(query.get('pageToken') ?? 0);
  const end = start + Math.min(Number(query.get('pageSize') ?? 5000), 5000);
  return {
    skus: skus.slice(start, end).map((sku, index) => skuResource(sku, start + index)),
    nextPageToken: end < skus.length ? String(end) : '',
  };
}

function skuResource({ description, region, usageType, hourly, unit }: Sku, index: number): object {
  const skuId = `0000-0000-${String(index).padStart(4, '0')}`;
  return {
    name: `services/${vertexService}/skus/${skuId}`,
    skuId,
    description,
    category: {
      serviceDisplayName: 'Vertex AI',
      resourceFamily: 'ApplicationServices',
      resourceGroup: 'GPU',
      usageType,
    },
    serviceRegions: [region],
    pricingInfo: [
      {
        effectiveTime: '2026-11-01T00:00:00Z',
        pricingExpression: {
          ...(unit === undefined
            ? { usageUnit: 'h', usageUnitDescription: 'hour', baseUnit: 's', baseUnitConversionFactor: 3600 }
            : {
                usageUnit: unit,
                usageUnitDescription: 'gibibyte hour',
                baseUnit: 'By.s',
                baseUnitConversionFactor: 3865470566400,
              }),
          displayQuantity: 1,
          tieredRates: [
            {
              startUsageAmount: 0,
              unitPrice: {
                currencyCode: 'USD',
                units: String(Math.floor(hourly)),
                nanos: Math.round((hourly % 1) * 1_000_000_000),
              },
            },
          ],
        },
        currencyConversionRate: 1,
      },
    ],
    serviceProviderName: 'Google',
  };
}
