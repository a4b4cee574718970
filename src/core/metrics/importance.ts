const order = [
  /^(?:train(?:ing)?[/_])?loss$/u,
  /loss|nll|ppl|perplexity|elbo/u,
  /acc|f1|auc|reward|rew_mean|bleu|psnr|miou|map/u,
  /./u,
];
const minor = /(?:^|\/|_)lr$|learning_rate|\/s$|per_sec|time|mem|tps|mfu|it\/s|tflop|grad|norm|epoch/u;

/** Sorts metrics by name: what people look at first is in front. */
export function byImportance(one: string, other: string): number {
  return importance(one) - importance(other) || one.localeCompare(other, 'en', { numeric: true });
}

function importance(name: string): number {
  return minor.test(name) ? order.length : order.findIndex((pattern) => pattern.test(name));
}
