"""A PyTorch program to be recorded while it runs, which knows the truth: see live_threads.cpp, whose lines it prints too."""

import torch

import live_worker

torch.set_num_threads(1)  # operators run where they are called

MATRIX = torch.rand(512, 512)
NUMBERS = torch.rand(20_000)
WIDE = torch.rand(1_000_000)

if __name__ == "__main__":
    live_worker.run({
        "mm": lambda: torch.mm(MATRIX, MATRIX),
        "sort": lambda: torch.sort(NUMBERS),
        "exp": lambda: torch.exp(WIDE),
    })
