#!/usr/bin/env python3
"""Records our own sample data with PyTorch (2.13, CPU): a Kineto trace and the execution trace of the same steps.

    python3 tests/data/record_sample.py sample [FOLDER]   writes resources/sample/, or the folder
    python3 tests/data/record_sample.py extras [FOLDER]   writes tests/data/et/torch213_*.json, or the folder

The model is small and made up; seeds are fixed, so names, shapes and the tree repeat, times and addresses do not.
What names the machine (paths, host, user) is taken out before anything is written; the script fails if something is left.
"""
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time

LOOKUPS = ("aten::gather", "aten::index_select", "aten::embedding", "aten::_embedding_bag")
os.environ["ENABLE_PYTORCH_EXECUTION_TRACE_SAVE_INTEGRAL_TENSOR_RANGE"] = "1"
os.environ["ENABLE_PYTORCH_EXECUTION_TRACE_SAVE_INTEGRAL_TENSOR_DATA"] = ",".join(LOOKUPS)

import torch  # noqa: E402  (the observer reads the environment when it starts)
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402
from torch.profiler import (ExecutionTraceObserver, ProfilerActivity, profile, record_function,  # noqa: E402
                            schedule)

from scrub import ROOT, scrubbed, write  # noqa: E402

CLASSES, WORDS, SHOPS = 10, 200, 50


class Purchases(torch.utils.data.Dataset):
    """One item: a picture, the words of a review, the shops somebody bought at, and a class to guess."""

    def __init__(self, count):
        generator = torch.Generator().manual_seed(1)
        self.pictures = torch.rand(count, 3, 48, 48, generator=generator)
        self.words = torch.randint(0, WORDS, (count, 24), generator=generator)
        self.shops = torch.randint(0, SHOPS, (count, 5), generator=generator)
        self.labels = torch.randint(0, CLASSES, (count,), generator=generator)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.pictures[i], self.words[i], self.shops[i], self.labels[i]


class ConvBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(3, width // 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(width // 2)
        self.second = nn.Conv2d(width // 2, width, 3, stride=2, padding=1)

    def forward(self, picture):
        hidden = F.relu(self.norm(self.first(picture)))
        return F.relu(self.second(hidden)).mean(dim=(2, 3))


class Lookups(nn.Module):
    """Reads tables by integer tensors in every common way."""

    def __init__(self, width):
        super().__init__()
        self.bag = nn.EmbeddingBag(SHOPS, width, mode="mean")
        self.prior = nn.Parameter(torch.randn(CLASSES, width) * 0.02)

    def forward(self, shops, labels):
        with record_function("## lookups ##"):
            bought = self.bag(shops)
            return bought + self.prior.index_select(0, labels % 3)


class Guess(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.vision = ConvBlock(width)
        self.words = nn.Parameter(torch.randn(WORDS, width) * 0.1)
        self.text = nn.TransformerEncoderLayer(width, nhead=4, dim_feedforward=2 * width, dropout=0.1, batch_first=True)
        self.lookups = Lookups(width)
        self.refine = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.head = nn.Linear(width, CLASSES)

    def forward(self, picture, words, shops, labels):
        seen = self.vision(picture)
        read = self.text(F.embedding(words, self.words)).mean(dim=1)
        state = seen + read + self.lookups(shops, labels)
        for i, layer in enumerate(self.refine):
            with record_function(f"## refine {i} ##"):
                state = state + torch.tanh(layer(state))
        return self.head(state)


@torch.jit.script
def follow(averages: list[torch.Tensor], weights: list[torch.Tensor], share: float):
    """A moving average of the weights."""
    for average, weight in zip(averages, weights):
        average.lerp_(weight, share)
    return averages[0].sum()


@torch.jit.script
def follow_aside(averages: list[torch.Tensor], weights: list[torch.Tensor], share: float):
    """The same on a second thread, which takes the profiler along."""
    return torch.jit.fork(follow, averages, weights, share)


def nested_statistics(words):
    """Ragged rows; tensors like these have no shape in the execution trace."""
    with record_function("## ragged reviews ##"):
        rows = [row[: 4 + 3 * i].float() for i, row in enumerate(words[:4])]
        ragged = torch.nested.nested_tensor(rows, layout=torch.jagged)
        return torch.cos(ragged * 0.1).values().sum()


def train_step(model, optimizer, batch):
    picture, words, shops, labels = batch
    optimizer.zero_grad()
    with record_function("## forward ##"):
        guess = model(picture, words, shops, labels)
    with record_function("## loss ##"):
        likely = guess.log_softmax(dim=1).gather(1, labels.unsqueeze(1))
        loss = -likely.mean() + 0.001 * nested_statistics(words)
    with record_function("## backward ##"):
        loss.backward()
    optimizer.step()
    return loss


def others_rest():
    """Waits until no other thread runs. A fork's result is there before its call is left: stopped in between, PyTorch writes its operators
    into the execution trace without the call that they depend on."""
    def runs(thread):
        try:
            return pathlib.Path(f"/proc/self/task/{thread}/stat").read_text().rpartition(")")[2].split()[0] == "R"
        except OSError:
            return False

    others = set(os.listdir("/proc/self/task")) - {str(threading.get_native_id())}
    while any(map(runs, others)):
        time.sleep(0.001)


def train(steps, on_step):
    """`on_step` is called behind every step."""
    torch.manual_seed(7)
    torch.set_num_threads(2)
    model = Guess()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, foreach=False)
    loader = torch.utils.data.DataLoader(Purchases(16 * steps), batch_size=16, num_workers=2)
    batches = iter(loader)
    weights = [p.detach() for p in model.parameters()]
    averages = [w.clone() for w in weights]
    for _ in range(3):  # TorchScript optimises what it calls for the third time
        follow_aside(averages, weights, 0.05).wait()
    total = 0.0
    for _ in range(steps):
        loss = train_step(model, optimizer, next(batches))
        following = follow_aside(averages, weights, 0.05)
        with record_function("## log ##"):
            total += loss.item()
        following.wait()
        others_rest()
        on_step()
    return total


def record_sample(into=ROOT / "resources/sample"):
    shutil.rmtree(into / "training_step_et_resources", ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        plain = os.path.join(folder, "training_step_et.json")
        observer = ExecutionTraceObserver().register_callback(plain)
        observer.set_extra_resource_collection(True)
        kineto = os.path.join(folder, "kineto.json")
        with profile(activities=[ProfilerActivity.CPU], schedule=schedule(wait=1, warmup=3, active=3, repeat=1), record_shapes=True,
                     with_stack=True, profile_memory=True, with_modules=True, execution_trace_observer=observer,
                     on_trace_ready=lambda p: p.export_chrome_trace(kineto)) as profiler:
            train(7, profiler.step)
        observer.unregister_callback()
        write(into / "training_step.pt.trace.json.gz", scrubbed(pathlib.Path(kineto).read_text()))
        write(into / "training_step_et.json.gz", scrubbed(pathlib.Path(plain).read_text()))
        shutil.copytree(plain.removesuffix(".json") + "_resources", into / "training_step_et_resources")


def small_work():
    with record_function("## small ##"):
        a = torch.arange(6, dtype=torch.float32).reshape(2, 3)
        return torch.relu(a @ a.t()).sum()


def record_extras(into=ROOT / "tests/data/et"):
    """Odd execution traces that only a real writer makes."""

    def observed(name, use):
        with tempfile.TemporaryDirectory() as folder:
            plain = pathlib.Path(folder) / "et.json"
            observer = ExecutionTraceObserver().register_callback(str(plain))
            use(observer)
            observer.unregister_callback()
            text = plain.read_text()
        write(into / name, text)
        return text

    def twice(observer):
        for _ in range(2):
            observer.start()
            small_work()
            observer.stop()
            small_work()

    def unfinished(observer):
        with record_function("## left open ##"):
            observer.start()
            small_work()
            scope = record_function("## still open ##")
            scope.__enter__()
            small_work()
            observer.stop()
            scope.__exit__(None, None, None)

    def unescaped(observer):
        observer.start()
        with record_function('he said "hi"'):
            small_work()
        with record_function("a back\\slash"):
            small_work()
        observer.stop()

    whole = observed("torch213_two_windows.json", twice)
    write(into / "torch213_cut_off.json", whole[: len(whole) * 2 // 3])
    observed("torch213_nothing_captured.json", lambda observer: None)
    observed("torch213_unfinished_scope.json", unfinished)
    observed("torch213_unescaped_names.json", unescaped)


if __name__ == "__main__":
    actions = {"sample": record_sample, "extras": record_extras}
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in actions:
        sys.exit(__doc__)
    actions[sys.argv[1]](*map(pathlib.Path, sys.argv[2:]))
