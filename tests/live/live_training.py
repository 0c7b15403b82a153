"""A small training loop to be recorded while it runs. Says "ready" once it trains; "profile" and "free" on its input make it use torch.profiler itself."""

import select
import sys
import time

import torch

model = torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.ReLU(), torch.nn.Linear(64, 8))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
inputs = torch.randn(16, 32)
profiler = None


def step():
    optimizer.zero_grad()
    model(inputs).sum().backward()
    optimizer.step()


step()
print("ready", flush=True)
while True:
    step()
    time.sleep(0.02)
    if not select.select([sys.stdin], [], [], 0)[0]:
        continue
    word = sys.stdin.readline().strip()
    if word == "profile":
        profiler = torch.profiler.profile()
        profiler.start()
    elif word == "free":
        profiler.stop()
        profiler = None
    else:
        break
    print(word, flush=True)
