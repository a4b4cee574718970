import { isTpu, type Machine } from '../machines/machine.ts';

/**
 * Used when a job names no image: prebuilt containers of Vertex AI with PyTorch, and for TPUs Python alone, since each generation
 * wants libraries of its own.
 */
export function defaultImage(machine: Machine): string {
  return isTpu(machine)
    ? 'python:3.12'
    : `us-docker.pkg.dev/vertex-ai/training/pytorch-${machine.accelerator === null ? 'cpu' : 'gpu'}.2-4.py310:latest`;
}
