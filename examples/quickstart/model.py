"""A two-layer network, its data and its gradient, in nothing but the standard library."""

import math
import random


def make_moons(count, noise, seed):
    """Two interleaved half circles: `count` pairs of ((x, y), label)."""
    rng = random.Random(seed)
    points = []
    for index in range(count):
        label = index % 2
        angle = rng.uniform(0, math.pi)
        x, y = (1 - math.cos(angle), 0.5 - math.sin(angle)) if label else (math.cos(angle), math.sin(angle))
        points.append(((x + rng.gauss(0, noise), y + rng.gauss(0, noise)), label))
    rng.shuffle(points)
    return points


class Network:
    """2 inputs -> `hidden` tanh units -> 1 probability, trained with momentum."""

    def __init__(self, hidden, seed):
        rng = random.Random(seed)
        self.units = [[rng.gauss(0, 1), rng.gauss(0, 1), 0.0] for _ in range(hidden)]  # weights for x, y; bias
        self.readout = [rng.gauss(0, 1 / math.sqrt(hidden)) for _ in range(hidden)] + [0.0]  # the last is the bias
        self.unit_speed = [[0.0, 0.0, 0.0] for _ in range(hidden)]
        self.readout_speed = [0.0] * (hidden + 1)

    def forward(self, point):
        """The probability of label 1, and the hidden activations that led to it."""
        x, y = point
        active = [math.tanh(wx * x + wy * y + bias) for wx, wy, bias in self.units]
        logit = sum(weight * value for weight, value in zip(self.readout, active)) + self.readout[-1]
        return sigmoid(logit), active

    def train_step(self, batch, lr, momentum=0.9):
        """One step of gradient descent; returns the mean loss and the accuracy on the batch."""
        unit_grad = [[0.0, 0.0, 0.0] for _ in self.units]
        readout_grad = [0.0] * len(self.readout)
        loss, correct = 0.0, 0
        for (x, y), label in batch:
            probability, active = self.forward((x, y))
            loss += cross_entropy(probability, label)
            correct += (probability > 0.5) == (label == 1)
            error = (probability - label) / len(batch)
            readout_grad[-1] += error
            for index, value in enumerate(active):
                readout_grad[index] += error * value
                back = error * self.readout[index] * (1 - value * value)
                grad = unit_grad[index]
                grad[0] += back * x
                grad[1] += back * y
                grad[2] += back
        for weights, speed, grad in zip(self.units, self.unit_speed, unit_grad):
            descend(weights, speed, grad, lr, momentum)
        descend(self.readout, self.readout_speed, readout_grad, lr, momentum)
        return loss / len(batch), correct / len(batch)

    def accuracy(self, points):
        return sum((self.forward(point)[0] > 0.5) == (label == 1) for point, label in points) / len(points)


def sigmoid(logit):
    if not math.isfinite(logit):
        raise FloatingPointError(f"the network's output is {logit}: look at the data, or lower the learning rate")
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else 1 - 1 / (1 + math.exp(logit))


def cross_entropy(probability, label):
    return -math.log(max(probability if label else 1 - probability, 1e-12))


def descend(weights, speed, grad, lr, momentum):
    for index, slope in enumerate(grad):
        speed[index] = momentum * speed[index] - lr * slope
        weights[index] += speed[index]
