#!/usr/bin/env python3
"""Records what the tests of the execution trace format show, one small program of ours each, with PyTorch (2.13, CPU).

    python3 tests/data/record_behaviours.py [--into FOLDER] [CASE...]

Without cases: all that this Python can record. Without a folder: tests/data/behaviours. Its README.md says what each shows.
Every case runs in a process of its own, as if it were a program: ids count from 1. Seeds are fixed and one thread computes, so
names, shapes, ids and the tree repeat; times, addresses and the process id do not. What names the machine is taken out.
"""
import gzip
import importlib.util
import os
import pathlib
import shutil
import sys
import tempfile
import warnings

os.environ["TRITON_INTERPRET"] = "1"  # Triton looks when it is loaded

import torch  # noqa: E402
import torch._dynamo  # noqa: E402  (optimizers load it; once here, not once in every case)
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402
from torch.autograd.profiler import record_function  # noqa: E402
from torch.profiler import ExecutionTraceObserver, ProfilerActivity, profile, schedule  # noqa: E402

from scrub import ROOT, scrubbed, scrubbed_text, write  # noqa: E402

SMALL = 10_000  # bytes; a larger trace is packed
DISHES, GUESTS, WIDTH = 12, 6, 8


class Kitchen(nn.Module):
    """Guesses how hungry guests are from the dishes that they ordered."""

    def __init__(self):
        super().__init__()
        self.dishes = nn.Embedding(DISHES, WIDTH)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.hunger = nn.Linear(WIDTH, 1)

    def forward(self, orders):
        return self.hunger(F.gelu(self.mix(self.dishes(orders).mean(dim=1))))


class Evening:
    """A model in training, one call a step."""

    def __init__(self):
        self.model = Kitchen()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9, foreach=False)

    def serve(self, number):
        with record_function(f"## evening {number} ##"):
            orders = torch.randint(0, DISHES, (GUESTS, 3))
            with record_function("## guess ##", "three dishes"):
                loss = F.mse_loss(self.model(orders), torch.ones(GUESTS, 1))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()


def every_kind_of_argument(tensor):
    """A scope whose arguments are of every kind that the writer tells apart."""
    arguments = (7, False, 2.5, [tensor, tensor * 2], (tensor, 3), "a table for six", tensor, float("inf"), float("-inf"),
                 float("nan"), 1e-9, None, [1, 2, 3], [[tensor], [tensor]], torch.device("cpu"), True)
    handle = torch.autograd._record_function_with_args_enter("## menu ##", *arguments)
    (tensor + 1).sum().backward()
    torch.autograd._record_function_with_args_exit(handle)


def observed(path, use, extras=False):
    """What the observer writes to `path` while `use(observer)` runs."""
    observer = ExecutionTraceObserver()
    observer.register_callback(str(path))
    observer.set_extra_resource_collection(extras)
    use(observer)
    observer.unregister_callback()


def started(work):
    def use(observer):
        observer.start()
        work()
        observer.stop()
    return use


def two_steps_of_ten(folder, name, observer=None):
    evening = Evening()
    with profile(activities=[ProfilerActivity.CPU], schedule=schedule(skip_first=3, wait=1, warmup=1, active=2, repeat=1),
                 record_shapes=True, execution_trace_observer=observer,
                 on_trace_ready=lambda done: done.export_chrome_trace(str(folder / f"{name}.pt.trace.json"))) as profiler:
        for number in range(10):
            evening.serve(number)
            profiler.step()
    return profiler


def alone(folder):
    def one_evening():
        every_kind_of_argument(torch.randn(3, 4, requires_grad=True))
        Evening().serve(0)

    observed(folder / "alone.et.json", started(one_evening))


def alone_packed(folder):
    evening = Evening()

    def five_evenings():
        for number in range(5):
            evening.serve(number)

    observed(folder / "alone_packed.et.json.gz", started(five_evenings))


def with_kineto(folder):
    observer = ExecutionTraceObserver().register_callback(str(folder / "with_kineto.et.json"))
    two_steps_of_ten(folder, "with_kineto", observer)
    observer.unregister_callback()


def env_on(folder):
    os.environ["ENABLE_PYTORCH_EXECUTION_TRACE"] = "1"
    os.environ["ENABLE_PYTORCH_EXECUTION_TRACE_EXTRAS"] = "1"
    tempfile.tempdir = str(folder)  # where the profiler puts the trace, under a name by chance
    profiler = two_steps_of_ten(folder, "env_on")
    written = pathlib.Path(profiler.execution_trace_observer.get_output_file_path())
    profiler.execution_trace_observer.cleanup()
    resources = written.with_name(written.name.removesuffix(".json") + "_resources")
    assert written.name.endswith(".et.json") and resources.is_dir() and not list(resources.iterdir())
    written.rename(folder / "env_on.et.json")
    resources.rename(folder / "env_on.et_resources")


def env_off(folder):
    os.environ["ENABLE_PYTORCH_EXECUTION_TRACE"] = "0"
    os.environ["ENABLE_PYTORCH_EXECUTION_TRACE_EXTRAS"] = "1"
    assert two_steps_of_ten(folder, "env_off").execution_trace_observer is None


def start_stop(folder):
    evening = Evening()

    def use(observer):
        for number in range(10):
            if number in (3, 8):
                observer.start()
            evening.serve(number)
            if number in (4, 8):
                observer.stop()

    observed(folder / "start_stop.et.json", use)


def loop(folder):
    """Four execution traces of one process, and one timed trace of all four steps."""
    evening = Evening()
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as profiler:
        for number in range(4):
            observed(folder / f"loop_{number}.et.json", started(lambda: evening.serve(number)))
    profiler.export_chrome_trace(str(folder / "loop.pt.trace.json"))


def nothing(folder):
    Evening().serve(0)
    observed(folder / "nothing.et.json", lambda observer: None)


def nested(folder):
    rows = torch.nested.nested_tensor([torch.randn(length, 4) for length in (2, 5, 3)], layout=torch.jagged)
    observed(folder / "nested.et.json", started(lambda: torch.cos(rows).values().sum()))


def gathered():
    dishes = torch.tensor([[1, 2], [3, 4]])
    guests = torch.tensor([[0, 0], [1, 0]])
    return lambda: torch.gather(dishes, 1, guests)


def integral_range(folder):
    os.environ["ENABLE_PYTORCH_EXECUTION_TRACE_SAVE_INTEGRAL_TENSOR_RANGE"] = "1"
    observed(folder / "integral_range.et.json", started(gathered()))


def integral_data(folder):
    os.environ["ENABLE_PYTORCH_EXECUTION_TRACE_SAVE_INTEGRAL_TENSOR_DATA"] = "aten::gather"
    observed(folder / "integral_data.et.json", started(gathered()), extras=True)


def seasoned(salt, dish):
    return (torch.sin(salt).permute(1, 0) * dish + 1.5).cos()


def recorded_compiled(folder, name, work):
    """Both traces of three calls of what is compiled; the resources are what Inductor wrote."""
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder / "inductor_cache")
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"
    work()
    observer = ExecutionTraceObserver().register_callback(str(folder / f"{name}.et.json"))
    observer.set_extra_resource_collection(True)
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True, execution_trace_observer=observer) as profiler:
        for _ in range(3):
            work()
    observer.unregister_callback()
    profiler.export_chrome_trace(str(folder / f"{name}.pt.trace.json"))
    shutil.rmtree(folder / "inductor_cache")


def compiled(folder):
    kitchen, season = Kitchen(), torch.compile(seasoned)
    recorded_compiled(folder, "compiled", lambda: season(kitchen.mix.weight, torch.ones(WIDTH, WIDTH)).sum().backward())


def triton(folder):
    """Triton kernels that Inductor writes, without a GPU: Triton's interpreter runs them. It skips the scope that a compiled
    kernel is launched in (CachingAutotuner._pre_launch), so that scope is opened here, with the same arguments."""
    from triton.backends.compiler import GPUTarget
    from triton.runtime import driver
    from torch._inductor.runtime.triton_heuristics import CachingAutotuner

    class NoDevice:
        def get_current_target(self):
            return GPUTarget("cuda", 80, 32)  # Inductor only wants a name to hash; nothing is compiled for it

    class Launcher:  # what get_profiler_kwargs asks of a launcher
        def __init__(self, config):
            self.config = config

    def launched(self, *arguments, stream, **more):
        scope = self.get_profiler_kwargs(stream, Launcher(self.configs[0]))
        with torch._C._profiler._RecordFunctionFast(self.inductor_meta["kernel_name"], tuple(arguments), scope):
            torch.autograd._enable_record_function(False)  # the copies that the interpreter makes are nothing that a GPU does
            try:
                return run(self, *arguments, stream=stream, **more)
            finally:
                torch.autograd._enable_record_function(True)

    driver.set_active(NoDevice())
    torch._inductor.config.cpu_backend = "triton"
    run, CachingAutotuner.run = CachingAutotuner.run, launched
    season = torch.compile(lambda salt, dish: (mixed := seasoned(salt, dish), mixed.sum(dim=1)))
    salt, dish = torch.randn(32, 32), torch.randn(32, 32)
    recorded_compiled(folder, "triton", lambda: season(salt, dish))


CASES = {case.__name__: case for case in (alone, alone_packed, with_kineto, env_on, env_off, start_stop, loop, nothing, nested,
                                          integral_range, integral_data, compiled, triton)}


def in_a_process_of_its_own(work):
    """torch is loaded by now and has done nothing yet: the child counts every id from 1."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            torch.manual_seed(11)
            torch.set_num_threads(1)
            work()
            status = 0
        except BaseException:  # noqa: BLE001  (said here: nobody above us is ours)
            import traceback
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def hand_over(file, folder, into):
    """One recorded file, scrubbed, packed when it is large."""
    target = into / file.relative_to(folder)
    if file.suffix == ".dat":
        shutil.copyfile(file, target)
        return
    packed = file.suffix == ".gz"
    text = gzip.decompress(file.read_bytes()).decode() if packed else file.read_text()
    if file.suffix == ".py":
        write(target, scrubbed_text(text, folder))
        return
    text = scrubbed(text, file.name.removesuffix(".gz"), folder)
    write(target if packed or len(text) < SMALL else target.with_name(target.name + ".gz"), text)


def record(name, into):
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        if not in_a_process_of_its_own(lambda: CASES[name](folder)):
            sys.exit(f"{name}: failed")
        for old in into.glob(f"{name}.et_resources/*"):
            old.unlink()
        for resources in folder.glob("*_resources"):
            (into / resources.name).mkdir(exist_ok=True)
        for file in sorted([*folder.glob("*.json*"), *folder.glob("*_resources/*")]):
            hand_over(file, folder, into)


def main(arguments):
    into = ROOT / "tests/data/behaviours"
    if arguments[:1] == ["--into"] and len(arguments) > 1:
        into, arguments = pathlib.Path(arguments[1]), arguments[2:]
    if unknown := [name for name in arguments if name not in CASES]:
        sys.exit(f"{__doc__}\nno such case: {unknown[0]}; there are {', '.join(CASES)}")
    into.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore")
    has_triton = importlib.util.find_spec("triton") is not None
    for name in arguments or [name for name in CASES if name != "triton" or has_triton]:
        record(name, into)


if __name__ == "__main__":
    main(sys.argv[1:])
