import { randomBytes } from 'node:crypto';
import {
  BlobSASPermissions,
  BlobServiceClient,
  type ContainerClient,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
} from '@azure/storage-blob';
import { type Azurite, startAzurite } from './azurite.ts';

/** Storage account of the workspaces: Azurite, and what signs for it. */
export class Storage {
  readonly account: string;
  readonly key: string;
  readonly #azurite: Azurite;
  readonly #service: BlobServiceClient;
  readonly #credential: StorageSharedKeyCredential;
  /** How it is seen from outside: `http://127.0.0.1:1234/account`. */
  endpoint = '';
  /** Signatures are good for this long, in ms. */
  signatureLifetime = 3_600_000;
  readonly #signatures = new Set<string>();
  readonly #expired = new Set<string>();
  #made = 0;

  private constructor(account: string, key: string, azurite: Azurite) {
    this.account = account;
    this.key = key;
    this.#azurite = azurite;
    this.#credential = new StorageSharedKeyCredential(account, key);
    this.#service = new BlobServiceClient(`http://127.0.0.1:${azurite.port}/${account}`, this.#credential);
  }

  static async start(account: string): Promise<Storage> {
    const key = randomBytes(64).toString('base64');
    return new Storage(account, key, await startAzurite(account, key));
  }

  get port(): number {
    return this.#azurite.port;
  }

  /** Past whatever stands before it. */
  container(name: string): ContainerClient {
    return this.#service.getContainerClient(name);
  }

  async makeContainer(name: string): Promise<void> {
    await this.container(name).createIfNotExists();
  }

  /** A URL that whoever has it can read the blob with. */
  signedBlob(container: string, blob: string): string {
    const query = generateBlobSASQueryParameters(
      {
        containerName: container,
        blobName: blob,
        permissions: BlobSASPermissions.parse('r'),
        startsOn: this.#nextStart(),
        expiresOn: new Date(Date.now() + this.signatureLifetime),
      },
      this.#credential,
    );
    this.#signatures.add(query.signature);
    const path = blob.split('/').map(encodeURIComponent).join('/');
    return `${this.endpoint}/${container}/${path}?${query.toString()}`;
  }

  /** A URL that whoever has it can fill the container with. */
  signedContainer(container: string): string {
    const query = generateBlobSASQueryParameters(
      {
        containerName: container,
        permissions: ContainerSASPermissions.parse('racwdl'),
        startsOn: this.#nextStart(),
        expiresOn: new Date(Date.now() + this.signatureLifetime),
      },
      this.#credential,
    );
    this.#signatures.add(query.signature);
    return `${this.endpoint}/${container}?${query.toString()}`;
  }

  /** Never the same twice, so that no two signatures are: they know seconds only. */
  #nextStart(): Date {
    this.#made += 1;
    return new Date(Date.now() - 600_000 - (this.#made % 3600) * 1000);
  }

  /** Every signature that was made or seen so far is good for nothing from now on. */
  expireSignatures(): void {
    for (const signature of this.#signatures) {
      this.#expired.add(signature);
    }
  }

  /** Whether a request may still come in with that signature. */
  admits(signature: string | null): boolean {
    if (signature === null) {
      return true;
    }
    this.#signatures.add(signature);
    return !this.#expired.has(signature);
  }

  async stop(): Promise<void> {
    await this.#azurite.stop();
  }
}
