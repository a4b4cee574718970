import { type Route, page, route } from '../route.ts';

/** Tenants, subscriptions and resource groups, as Resource Manager itself answers. */
export const subscriptionRoutes: readonly Route[] = [
  route('GET', '/tenants', ({ world }) => ({
    code: 200,
    body: {
      value: [
        {
          id: `/tenants/${world.tenant.id}`,
          tenantId: world.tenant.id,
          countryCode: 'GB',
          displayName: 'Vision Lab',
          domains: [world.tenant.domain],
          tenantCategory: 'Home',
          defaultDomain: world.tenant.domain,
          tenantType: 'AAD',
        },
      ],
    },
  })),
  route('GET', '/subscriptions', ({ world }) => ({
    code: 200,
    body: {
      value: world.subscriptions.map(({ id, name, tenant }) => ({
        id: `/subscriptions/${id}`,
        authorizationSource: 'RoleBased',
        managedByTenants: [],
        subscriptionId: id,
        tenantId: tenant,
        displayName: name,
        state: 'Enabled',
        subscriptionPolicies: {
          locationPlacementId: 'Public_2014-09-01',
          quotaId: 'Sponsored_2016-01-01',
          spendingLimit: 'Off',
        },
      })),
      count: { type: 'Total', value: world.subscriptions.length },
    },
  })),
  route('GET', '/subscriptions/{subscription}/resourceGroups', (call) => {
    const here = call.world.workspaces.filter(({ subscription }) => subscription === call.param('subscription'));
    const groups = [...new Map(here.map(({ group, location }) => [group, location]))];
    return page(
      call,
      groups.map(([name, location]) => ({
        id: `/subscriptions/${call.param('subscription')}/resourceGroups/${name}`,
        name,
        type: 'Microsoft.Resources/resourceGroups',
        location,
        properties: { provisioningState: 'Succeeded' },
      })),
      100,
    );
  }),
];
