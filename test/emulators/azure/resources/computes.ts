import { refusal } from '../armError.ts';
import { type Call, type Route, page, route, workspacePath } from '../route.ts';
import type { Compute } from '../world.ts';
import { type VmSize, spotPool } from './catalog.ts';

function computeObject({ workspace }: Call, { name, vmSize, vmPriority, maxNodes, error }: Compute): object {
  return {
    id: `${workspace.armId}/computes/${name}`,
    name,
    type: 'Microsoft.MachineLearningServices/workspaces/computes',
    location: workspace.location,
    properties: {
      computeType: 'AmlCompute',
      computeLocation: workspace.location,
      provisioningState: 'Succeeded',
      provisioningErrors: null,
      isAttachedCompute: false,
      disableLocalAuth: false,
      properties: {
        vmSize,
        vmPriority,
        scaleSettings: { minNodeCount: 0, maxNodeCount: maxNodes, nodeIdleTimeBeforeScaleDown: 'PT2M' },
        currentNodeCount: 0,
        targetNodeCount: 0,
        nodeStateCounts: {
          preparingNodeCount: 0,
          runningNodeCount: 0,
          idleNodeCount: 0,
          unusableNodeCount: 0,
          leavingNodeCount: 0,
          preemptedNodeCount: 0,
        },
        allocationState: 'Steady',
        allocationStateTransitionTime: '2026-11-01T00:00:00Z',
        errors: error === null ? null : [{ error: { code: error.code, message: error.message } }],
        osType: 'Linux',
        remoteLoginPortPublicAccess: 'NotSpecified',
        enableNodePublicIp: true,
      },
    },
  };
}

function sizeObject({ name, family, vCPUs, gpus, memoryGB, price, spotPrice }: VmSize): object {
  return {
    name,
    family,
    vCPUs,
    gpus,
    osVhdSizeMB: 1_047_552,
    maxResourceVolumeMB: 65_536,
    memoryGB,
    lowPriorityCapable: spotPrice !== null,
    premiumIO: true,
    estimatedVMPrices: {
      billingCurrency: 'USD',
      unitOfMeasure: 'OneHour',
      values: [
        { retailPrice: price, osType: 'Linux', vmTier: 'Standard' },
        { retailPrice: price * 1.5, osType: 'Windows', vmTier: 'Standard' },
        ...(spotPrice === null ? [] : [{ retailPrice: spotPrice, osType: 'Linux', vmTier: 'LowPriority' }]),
      ],
    },
    supportedComputeTypes: ['AmlCompute', 'ComputeInstance'],
  };
}

const location = '/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{location}';

/** Clusters, and what machines there are, at what price, and how many. */
export const computeRoutes: readonly Route[] = [
  route('GET', `${workspacePath}/computes`, (call) =>
    page(
      call,
      [...call.workspace.computes.values()].map((compute) => computeObject(call, compute)),
      30,
    ),
  ),
  route('GET', `${workspacePath}/computes/{name}`, (call) => {
    const compute = call.workspace.computes.get(call.param('name'));
    if (compute === undefined) {
      throw refusal(404, 'ResourceNotFound', `Specified resource ${call.param('name')} not found`);
    }
    return { code: 200, body: computeObject(call, compute) };
  }),
  route('GET', `${location}/vmSizes`, ({ world }) => ({
    code: 200,
    body: { value: world.catalog.sizes.map(sizeObject) },
  })),
  route('GET', `${location}/usages`, (call) => {
    const { catalog } = call.world;
    const usage = (name: string, text: string, limit: number): object => ({
      id: `/subscriptions/${call.param('subscription')}/providers/Microsoft.MachineLearningServices/locations/${call.param('location')}/usages/${encodeURIComponent(name)}`,
      amlWorkspaceLocation: call.param('location'),
      type: 'Microsoft.MachineLearningServices/usages',
      unit: 'Count',
      currentValue: catalog.used(name),
      limit,
      name: { value: name, localizedValue: text },
    });
    const families = catalog.families.map((family) =>
      usage(family, `${spaced(family)} Cluster Dedicated vCPUs`, catalog.limit(family)),
    );
    return page(
      call,
      [
        usage('Clusters', 'Clusters', 500),
        usage('TotalDedicatedCores', 'Total Cluster Dedicated Regional vCPUs', catalog.limit('TotalDedicatedCores')),
        ...families,
        usage(spotPool, 'Total Cluster LowPriority Regional vCPUs', catalog.limit(spotPool)),
      ],
      100,
    );
  }),
  route('GET', `${location}/quotas`, (call) => {
    const { catalog, workspaces } = call.world;
    const here = workspaces.filter(({ subscription }) => subscription === call.param('subscription'));
    return page(
      call,
      here.flatMap(({ armId }) =>
        catalog.families.map((family) => ({
          id: `${armId}/quotas/${encodeURIComponent(family)}`,
          amlWorkspaceLocation: call.param('location'),
          type: 'Microsoft.MachineLearningServices/workspaces/quotas',
          unit: 'Count',
          limit: -1,
          name: { value: family, localizedValue: `${spaced(family)} Cluster Dedicated vCPUs` },
        })),
      ),
      100,
    );
  }),
];

/** `StandardNCADSA100v4Family` as "Standard NCADSA100v4 Family". */
function spaced(family: string): string {
  return family.replace(/^standard ?/iu, 'Standard ').replace(/ ?Family$/u, ' Family');
}
