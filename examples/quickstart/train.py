"""Trains a small network to tell two half-moons apart. About ten seconds; needs nothing but Python.

    python train.py                    train, then write outputs/result.json and outputs/curve.csv
    python train.py --steps 2000       train for longer
    python train.py --fail-at 200      see what a job that fails looks like
"""

import argparse
import csv
import json
import math
import random
import sys
import time
from pathlib import Path

from model import Network, make_moons


def parse_arguments():
    parser = argparse.ArgumentParser(description="Train a small network on two half-moons.")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--lr", type=float, default=0.3, help="peak learning rate")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.015, help="seconds of rest per step, to have time to watch")
    parser.add_argument("--fail-at", type=int, metavar="STEP", help="feed a broken sample at this step")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"))
    return parser.parse_args()


def learning_rate(step, steps, peak):
    """Rises over the first tenth of the training, then falls along half a cosine."""
    warmup = max(1, steps // 10)
    if step <= warmup:
        return peak * step / warmup
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def progress_bar(step, steps, started):
    """One line on stderr that is drawn over itself, as tqdm does."""
    seconds = time.monotonic() - started
    filled = 30 * step // steps
    bar = "█" * filled + " " * (30 - filled)
    rate = step / seconds
    pace = f"{seconds:.0f}s<{(steps - step) / rate:.0f}s, {rate:.1f}it/s"
    end = "\n" if step == steps else ""
    print(f"\rtrain: {step / steps:4.0%}|{bar}| {step}/{steps} [{pace}]", end=end, file=sys.stderr, flush=True)


def report(line):
    """Prints a line; on a terminal, over the progress bar instead of behind it."""
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    print(line, flush=True)


def train(args):
    data = make_moons(count=1000, noise=0.15, seed=args.seed)
    training, held_out = data[:800], data[800:]
    network = Network(args.hidden, seed=args.seed)
    rng = random.Random(args.seed)
    curve = []
    started = time.monotonic()
    print(f"{len(training)} training points, {len(held_out)} held out, {args.hidden} hidden units, {args.steps} steps")
    for step in range(1, args.steps + 1):
        batch = rng.sample(training, args.batch)
        if step == args.fail_at:
            batch[0] = ((math.nan, 0.0), 1)
        lr = learning_rate(step, args.steps, args.lr)
        loss, accuracy = network.train_step(batch, lr)
        curve.append((step, loss, accuracy, lr))
        if step % 25 == 0 or step == args.steps:
            report(f"step {step:5d}/{args.steps}  loss {loss:.4f}  accuracy {accuracy:.3f}  lr {lr:.4f}")
        if step % 5 == 0 or step == args.steps:
            progress_bar(step, args.steps, started)
        time.sleep(args.delay)
    return network.accuracy(held_out), curve, time.monotonic() - started


def save(args, accuracy, curve, seconds):
    args.outputs.mkdir(parents=True, exist_ok=True)
    with open(args.outputs / "curve.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "loss", "accuracy", "lr"])
        writer.writerows(curve)
    result = {"accuracy": accuracy, "steps": args.steps, "lr": args.lr, "seed": args.seed, "seconds": round(seconds, 1)}
    (args.outputs / "result.json").write_text(json.dumps(result, indent=2) + "\n")


def main():
    args = parse_arguments()
    if args.steps < 1 or not 1 <= args.batch <= 800 or args.hidden < 1 or args.delay < 0:
        sys.exit("train.py: --steps and --hidden must be at least 1, --batch from 1 to 800, --delay not negative")
    accuracy, curve, seconds = train(args)
    save(args, accuracy, curve, seconds)
    print(f"accuracy on held-out points: {accuracy:.3f}")
    print(f"saved {args.outputs / 'result.json'} and {args.outputs / 'curve.csv'}")


if __name__ == "__main__":
    main()
