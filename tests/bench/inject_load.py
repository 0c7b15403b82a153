"""What bench_inject and bench_ranks attach to: inject_load.py train | operators | allocations | loop. Ends with its input, with status 0 if all that it computed was right."""

import os
import sys
import threading

ended = threading.Event()
# Not sys.stdin.read(): children of multiprocessing close sys.stdin, and would wait for its lock for ever.
threading.Thread(target=lambda: (os.read(0, 1), ended.set()), daemon=True).start()


def train():
    """A training loop with a second thread that runs operators, data loaders that fork their workers anew for every epoch, and children besides."""
    import torch
    torch.set_num_threads(1)  # children forked while OpenMP works wait for ever, with or without us
    torch.manual_seed(0)
    data = torch.utils.data.TensorDataset(torch.randn(512, 64), torch.randn(512, 1))
    model = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def beside():
        while not ended.is_set():
            (torch.ones(64) * 2).sum().item()

    thread = threading.Thread(target=beside)
    thread.start()
    print("ready", flush=True)
    steps = 0
    while not ended.is_set():
        for inputs, expected in torch.utils.data.DataLoader(data, batch_size=32, num_workers=2, multiprocessing_context="fork"):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(inputs), expected)
            loss.backward()
            optimizer.step()
            steps += 1
            if steps % 10 == 0:
                child = os.fork()
                if child == 0:
                    os._exit(7)
                assert os.waitpid(child, 0)[1] == 7 << 8
            if ended.is_set():
                break
        assert torch.isfinite(loss).item()
    thread.join()


def operators():
    """Two operators each fifth of a millisecond, so that two such leave room for others on two processors."""
    import time
    import torch
    torch.set_num_threads(1)
    ones = torch.ones(64)
    print("ready", flush=True)
    while not ended.is_set():
        assert (ones + ones).sum().item() == 128
        time.sleep(0.0002)


def allocations():
    print("ready", flush=True)
    while not ended.is_set():
        kept = [bytearray(n) for n in range(1, 4000, 3)]
        objects = [{"a": [i], "b": str(i)} for i in range(1000)]
        assert sum(map(len, kept)) == sum(range(1, 4000, 3)) and objects[999]["b"] == "999"


def loop():
    print("ready", flush=True)
    while not ended.is_set():
        total = 0.0
        for i in range(20000):
            total += i * 0.5
        assert total == 99995000.0


{"train": train, "operators": operators, "allocations": allocations, "loop": loop}[sys.argv[1]]()
