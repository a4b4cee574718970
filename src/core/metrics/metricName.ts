/** What its name alone tells of a number. */
export type NameKind =
  /** A metric wherever it stands: `val_loss`, `acc@1`. */
  | 'metric'
  /** A metric beside a step, an epoch or a sure metric; alone it may as well be a setting: `lr`, `time`, `score`. */
  | 'maybe'
  | 'step'
  | 'epoch'
  /** Never: `pid`, `seed`, `eta`. */
  | 'never'
  | 'unknown';

const metrics = words(
  `loss losses acc accuracy acc1 acc5 top1 top5 ppl perplexity nll bpb bpc bpd elbo rmse mse mae mape logloss mlogloss merror
  auc auroc f1 iou miou dice psnr ssim lpips fid bleu rouge rouge1 rouge2 rougel wer cer reward rewards mfu kl entropy gnorm map50`,
);
const maybes = words(
  `lr time seconds ms tps wps ups ips fps tflops tflop throughput memory mem max_mem gnorm norm wd score scores err error
  data precision recall map return returns f2 r2 l1 l2 huber quantile ndcg mrr em advantage variance tgs tokens tok samples sps
  speed wall lm learn test best train valid kd margins logps logits eps`,
);
/** In a name with a sure word, these make it a setting: `loss_weight`, `target_kl`. */
const settings = words(
  `weight weights coef coeff coefficient fn func function type name reduction smoothing threshold clip target patience delta factor
  lambda alpha beta gamma every interval freq frequency steps scale ratio window config version port timeout min_delta warmup decay
  bins log print save limit tolerance`,
);
const nevers = words(
  `pid ppid tid port seed rank local_rank global_rank node_rank world_size node nodes gpu gpus device devices cuda eta version v_num
  line id uid uuid hash sha commit ts timestamp date epochs max_steps total_steps num_steps max_epochs num_epochs total_epochs
  max_iters num_workers workers jobid job_id run_id index idx remaining level lineno thread process created msecs exit exit_code
  code status returncode exitcode bytes size`,
);
const steps = new Map([
  ['global_step', 3],
  ['num_updates', 3],
  ['step', 2],
  ['iter', 2],
  ['iteration', 2],
  ['it', 2],
  ['total_timesteps', 2],
  ['timesteps_total', 2],
  ['num_timesteps', 2],
  ['training_iteration', 2],
  ['global_steps', 2],
  ['update', 1],
  ['batch', 1],
  ['episode', 1],
  ['trainstep', 2],
  ['train_step', 2],
]);
const epochs = words('epoch ep epoch_num current_epoch');

/** `RunningAvgSamplesPerSec`, `tokens/s/device`. */
const rate = /per_?sec(?:onds?)?$|\/s(?:ec(?:ond)?)?(?:\/|$)/u;
/** Written without a gap: `LanguagePerplexity`, `TrainLoss`. */
const compound = /(?:loss|accuracy|perplexity)$/u;

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/u));
}

/** `Train Loss` becomes `train/loss`, `grad norm` `grad_norm`, `elapsed time per iteration (ms)` `elapsed_time_per_iteration_(ms)`. */
export function metricName(printed: string): string {
  return printed
    .toLowerCase()
    .replace(/^(train|training|val|valid|validation|test|eval|evaluation|dev)[ \t]+/u, '$1/')
    .replace(/'s[ \t]+/u, '/')
    .replaceAll(/\.?[ \t]+/gu, '_');
}

/** What a name as `metricName` gives it stands for. */
export function nameKind(name: string): NameKind {
  const last = name.slice(name.lastIndexOf('/') + 1);
  if (steps.has(last)) {
    return 'step';
  }
  if (epochs.has(last)) {
    return 'epoch';
  }
  if (nevers.has(name) || /\.(?:py|cc|cpp|cu|c|h|rs|go|js|ts)$/u.test(name)) {
    return 'never';
  }
  const parts = name.split(/[_/.@\-()\s]+/u);
  if (parts.some((part) => metrics.has(part) || compound.test(part)) && !parts.some((part) => settings.has(part))) {
    return 'metric';
  }
  if (
    parts.includes('lr') ||
    name.endsWith('learning_rate') ||
    rate.test(name) ||
    parts.some((part) => maybes.has(part))
  ) {
    return 'maybe';
  }
  return 'unknown';
}

/** Of several counters in a line the highest is the step: `num_updates` says more than the place in the epoch. */
export function stepPriority(name: string): number {
  return steps.get(name) ?? 0;
}

/** A setting of the environment, `CUDA_VISIBLE_DEVICES`; metrics are hardly ever printed in such capitals. */
export function isEnvironmentName(printed: string): boolean {
  return /^[A-Z]\w*_\w*$/u.test(printed) && printed === printed.toUpperCase();
}
