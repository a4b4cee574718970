/** What a registry does with an image that is asked for. */
export type ImageAnswer =
  | { readonly kind: 'pulled' }
  | { readonly kind: 'invalid' | 'refused'; readonly message: string };

/** An image that cannot be named so that nothing pulls it. */
const reference =
  /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/u;

/** The images there are. A container has this machine's programs whatever its image is: only the name counts. */
export class Images {
  /** Null: every image with a good name. */
  #pullable: ((image: string) => boolean) | null = null;
  /** Images for which the registry wants a secret that the pod does not bring. */
  readonly #guarded = new Map<string, string>();

  /** Only these can be pulled from now on. */
  allowOnly(images: readonly string[]): void {
    this.#pullable = (image) => images.includes(image);
  }

  allowAll(): void {
    this.#pullable = null;
  }

  /** From now on the image needs the pull secret of that name. */
  guard(image: string, secretName: string): void {
    this.#guarded.set(image, secretName);
  }

  pull(image: string, pullSecrets: readonly string[]): ImageAnswer {
    if (!reference.test(image)) {
      return {
        kind: 'invalid',
        message: `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
      };
    }
    const secret = this.#guarded.get(image);
    const isRefused = secret !== undefined && !pullSecrets.includes(secret);
    if (isRefused || this.#pullable?.(image) === false) {
      const full = fullName(image);
      return {
        kind: 'refused',
        message: `failed to pull and unpack image "${full}": failed to resolve reference "${full}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
      };
    }
    return { kind: 'pulled' };
  }
}

function fullName(image: string): string {
  const tagged = /:[^/]*$/u.test(image) || image.includes('@') ? image : `${image}:latest`;
  const [first = ''] = tagged.split('/');
  if (!tagged.includes('/')) {
    return `docker.io/library/${tagged}`;
  }
  return first.includes('.') || first.includes(':') || first === 'localhost' ? tagged : `docker.io/${tagged}`;
}
