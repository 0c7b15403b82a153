"""A training loop like any other, which knows nothing of Opscope: train.py [WORD...], until Ctrl-C or `steps=N`.

Prints a line of JSON for each step: {"step": N, "lookup": [the indices that its embedding looked up]}; "ended" when it ended by itself.
workers: its data comes from worker processes, which come and go. profiler, observer: it uses those of PyTorch all the time; later: from step 40 on.
fork: forks at every step. small: may not write large files. thread: trains beside the main thread. spawn: a child trains too."""

import json
import os
import resource
import sys
import tempfile
import threading
import time

import torch

WORDS = sys.argv[1:]
STEPS = next((int(word[6:]) for word in WORDS if word.startswith("steps=")), sys.maxsize)
torch.set_num_threads(1)  # operators run where they are called
model = torch.nn.Sequential(torch.nn.Embedding(50, 16), torch.nn.Flatten(), torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
optimizer = torch.optim.Adam(model.parameters())


def say(value):
    """A line in one piece: print() writes its end by itself, and Ctrl-C may come in between."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def profiler():
    return torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])


def observer():
    made = torch.profiler.ExecutionTraceObserver()
    made.register_callback(tempfile.mkstemp(".json")[1])
    return made


class Numbers(torch.utils.data.Dataset):
    def __len__(self):
        return 16

    def __getitem__(self, index):
        return torch.randint(0, 50, (4,))


def batches():
    while True:
        if "workers" in WORDS:
            yield from torch.utils.data.DataLoader(Numbers(), batch_size=8, num_workers=2)
        else:
            yield torch.randint(0, 50, (8, 4))


def fork():
    child = os.fork()
    if child == 0:
        torch.ones(3) + 1
        sys.exit(0)
    os.waitpid(child, 0)


def train():
    own = profiler() if "profiler" in WORDS else None
    if own:
        own.start()
    seen = observer() if "observer" in WORDS else None
    if "small" in WORDS:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        for step, indices in enumerate(batches()):
            if step == STEPS:
                break
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(indices), torch.zeros(8, dtype=torch.long))
            loss.backward()
            optimizer.step()
            say({"step": step, "lookup": indices.flatten().tolist()})
            if "fork" in WORDS:
                fork()
            if "later" in WORDS and step >= 40 and not own:
                own = profiler()
                own.start()
            time.sleep(0.002)
    finally:
        if own:
            own.stop()
        if seen:
            seen.unregister_callback()


if __name__ == "__main__":
    if "spawn" in WORDS:
        child = torch.multiprocessing.get_context("spawn").Process(target=train)
        child.start()
        child.join()
    if "thread" in WORDS:
        beside = threading.Thread(target=train, daemon=True)
        beside.start()
    try:
        if "thread" not in WORDS:
            train()
        while "thread" in WORDS and beside.is_alive():
            time.sleep(0.01)
    except KeyboardInterrupt:
        pass
    say("ended")
