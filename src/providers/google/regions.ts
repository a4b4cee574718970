/** Regions of Vertex AI with accelerators for custom training, by how many kinds they have: its page "Locations". */
export const trainingRegions: readonly { readonly name: string; readonly place: string }[] = [
  { name: 'us-central1', place: 'Iowa' },
  { name: 'us-east5', place: 'Columbus' },
  { name: 'us-east1', place: 'South Carolina' },
  { name: 'us-east4', place: 'Northern Virginia' },
  { name: 'us-west1', place: 'Oregon' },
  { name: 'us-west4', place: 'Las Vegas' },
  { name: 'us-south1', place: 'Dallas' },
  { name: 'europe-west4', place: 'Netherlands' },
  { name: 'europe-west1', place: 'Belgium' },
  { name: 'europe-west2', place: 'London' },
  { name: 'asia-northeast1', place: 'Tokyo' },
  { name: 'asia-southeast1', place: 'Singapore' },
];
