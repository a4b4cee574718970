import prices from './coreweavePrices.json' with { type: 'json' };
import { coreWeaveOptions, type Flavour } from './flavour.ts';

/**
 * CoreWeave Kubernetes Service. NCCL settings and the labels of interruptible pods: https://docs.coreweave.com/docs/products/cks.
 */
export const coreWeave: Flavour = {
  id: 'coreweave',
  label: 'CoreWeave',
  options: coreWeaveOptions,
  host: /(?:^|\.)coreweave\.com$/u,
  rdma: {
    resource: 'rdma/ib',
    env: { NCCL_SOCKET_IFNAME: 'eth0', NCCL_IB_HCA: 'ibp', UCX_TLS: 'tcp', UCX_NET_DEVICES: 'eth0' },
  },
  spotPodLabels: { 'qos.coreweave.com/graceful-interruptible': 'true' },
  spotNodes: [],
  price: (instanceType) => prices.machines.find(({ type }) => type === instanceType) ?? null,
};
