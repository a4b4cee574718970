/** A plain sentence for why an image cannot be had, from what the kubelet says of it. */
export function explainImage(reason: string, message: string): string {
  const image = /image "([^"]+)"/u.exec(message)?.[1];
  const named = image === undefined ? 'its image' : `the image ${image}`;
  if (reason === 'InvalidImageName') {
    return `${capital(named)} is no name of an image`;
  }
  if (reason === 'ErrImageNeverPull') {
    return `${capital(named)} is not on the node, and the cluster may not fetch it`;
  }
  if (/toomanyrequests|rate limit/iu.test(message)) {
    return `The registry refuses ${named} for now: too many requests from this cluster`;
  }
  if (/unauthorized|denied|forbidden|authentication required|no basic auth/iu.test(message)) {
    return `The registry does not give ${named} to this cluster: it is private and needs an image pull secret, or it does not exist`;
  }
  if (/not found|manifest unknown|does not exist/iu.test(message)) {
    return `The registry has no such image: ${image ?? 'check its name and tag'}`;
  }
  if (/no match for platform|no matching manifest/iu.test(message)) {
    return `There is ${named}, but not for the processors of this node`;
  }
  if (/no space left/iu.test(message)) {
    return `The disk of the node is too full for ${named}`;
  }
  if (/no such host|i\/o timeout|connection refused|TLS handshake|deadline exceeded/iu.test(message)) {
    return `The node cannot reach the registry of ${named}`;
  }
  return `${capital(named)} cannot be fetched`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
