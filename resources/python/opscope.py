"""Records what PyTorch does in this program: Kineto traces and execution traces, for the viewer Opscope.

One file without dependencies, for Python 3.8 and later and PyTorch 1.13 and later. Copy it beside your program, or put its folder into
PYTHONPATH. Recording costs nothing while nothing is recorded.

    import opscope

    with opscope.record("traces", seconds=2):          # or steps=3, or as long as the block runs
        train()

    opscope.listen()                                   # Opscope's list of processes offers this program from now on
    for batch in data:
        ...
        opscope.step()                                 # optional: steps of optimizers are counted without it

The same file is the recorder that Opscope runs in programs that know nothing of it. It then finds `__opscope_folder__` among its globals: the
folder through which it and Opscope exchange files (core/record/torch/README.md of Opscope tells which).
"""

import _thread
import atexit
import json
import os
import stat
import sys
import threading
import time
from queue import Empty, SimpleQueue  # its put() may interrupt itself, as pending calls do

VERSION = 1
__all__ = ["record", "step", "listen"]

_POLL = 0.05        # seconds between two looks at the folder
_SAY = 1.0          # seconds between two statuses while nothing changes
_SILENCE = 15.0     # seconds without a sign of life from Opscope
_LEAD = 0.01        # seconds that the program stands still at most, so that several begin at one instant
_MAX_TEXT = 2000    # characters of an error
_ROOM = 16384       # bytes kept free for the last status when the disk is full


# --- Small things -----------------------------------------------------------------------------------------------------------------------

class _Refused(Exception):
    """Why nothing is recorded: a code of the protocol and a sentence."""

    def __init__(self, code, text):
        Exception.__init__(self, text)
        self.code = code


def _text(error):
    return ("%s: %s" % (type(error).__name__, error))[:_MAX_TEXT]


def _number(value, least, most, otherwise=None):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        return otherwise
    return value


def _library():
    """Python's own C interface. Not ctypes.pythonapi, whose functions keep the types that one gives them for everybody."""
    import ctypes
    return ctypes, ctypes.PyDLL(None)


def _call_on_main(function):
    """Has the main thread call `function` as soon as it runs Python code. False: too many wait already; try again."""
    ctypes, library = _library()
    waiting = [function]

    def run(_):
        try:
            while waiting:
                waiting.pop()()
        except Exception:
            pass
        except BaseException as error:
            _raise_again(error, threading.get_ident())
        return 0

    callback = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(run)
    library.Py_IncRef(ctypes.py_object(callback))  # for ever: it may be on its way back from the call whenever we would free it
    if library.Py_AddPendingCall(callback, None) == 0:
        return True
    library.Py_DecRef(ctypes.py_object(callback))
    return False


def _outermost():
    """The outermost frame of ours that the calling thread is in: that of the bootstrap, where that runs us."""
    frame, last = sys._getframe(1), None
    while frame is not None:
        if frame.f_globals is globals():
            last = frame
        frame = frame.f_back
    return last.f_back or last if "__opscope_folder__" in globals() and last.f_code.co_name == "<module>" else last


def _raise_again(error, thread):
    """Python runs handlers of signals inside whatever runs, so also inside of us: what they raise belongs to the program and goes there, as soon as
    `thread`, which calls this, has left us."""
    ctypes, library = _library()
    arguments = error.args
    kind = type(error)

    class Again(kind):
        def __init__(self):
            kind.__init__(self, *arguments)

    Again.__name__, Again.__qualname__, Again.__module__ = kind.__name__, kind.__qualname__, kind.__module__

    def deliver(ours, frames=sys._current_frames, sleep=time.sleep):  # globals may be gone by then
        while True:
            frame = frames().get(thread)
            while frame is not None and frame is not ours:
                frame = frame.f_back
            if frame is None:
                return library.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Again))
            sleep(0.001)

    try:
        _thread.start_new_thread(deliver, (_outermost(),))
    except RuntimeError:  # there may be no more threads
        deliver(None)


def _loaded_torch():
    """PyTorch if the program has imported it, whole. Never imports it."""
    torch = sys.modules.get("torch")
    if torch is None or getattr(getattr(torch, "__spec__", None), "_initializing", False):
        return None
    return torch if hasattr(torch, "profiler") and hasattr(torch, "autograd") else None


def _count(path, word, without=b""):
    """How often `word` is in a file, less `without`; -1: not readable. In small pieces, so that nobody waits for the interpreter."""
    keep = max(len(word), len(without)) - 1

    def of(text):
        return text.count(word) - (text.count(without) if without else 0)

    found, rest = 0, b""
    try:
        with open(path, "rb") as file:
            for piece in iter(lambda: file.read(262144), b""):
                found += of(rest + piece) - of(rest)
                rest = (rest + piece)[-keep:]
        return found
    except OSError:
        return -1


def _ends_with(path, characters):
    """Whether the last character that is no blank is one of these."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 64))
            last = file.read().rstrip()[-1:]
            return bool(last) and last in characters
    except OSError:
        return False


def _why_not_written(folder):
    """The system's reason for a file that is not whole."""
    try:
        import resource
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        if limit != resource.RLIM_INFINITY and any(entry.stat().st_size >= limit for entry in os.scandir(folder)):
            return os.strerror(27)  # EFBIG
        room = os.statvfs(folder)
        if room.f_bavail * room.f_frsize < 65536 or (room.f_files and not room.f_favail):
            return os.strerror(28)  # ENOSPC
        with open(os.path.join(folder, "probe-%d" % os.getpid()), "wb") as probe:
            probe.write(b" " * 65536)
    except OSError as error:
        return error.strerror or str(error)
    except Exception:
        pass
    finally:
        _remove(os.path.join(folder, "probe-%d" % os.getpid()))
    return "the file is not whole"


def _remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass


# --- The folder ---------------------------------------------------------------------------------------------------------------------------

class _Folder:
    """Where the files of a recording are; `speaks`: Opscope looks at it and answers in it."""

    def __init__(self, path, speaks):
        self.path, self.pid, self.speaks = path, os.getpid(), speaks
        host = "".join(c if c.isalnum() and c.isascii() or c in "-_." else "_" for c in os.uname().nodename)[:64].lstrip(".")
        self.base = "%s_%d" % (host or "host", self.pid)
        self.told = None

    def at(self, name):
        return os.path.join(self.path, name)

    def has(self, name):
        try:
            os.lstat(self.at(name))
            return True
        except OSError:
            return False

    def read(self, name, limit=1 << 20):
        handle = os.open(self.at(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("not a file")
            return file.read(limit)

    def claim(self):
        """False: this request was begun already in this process."""
        os.close(os.open(self.at("claimed-%d" % self.pid), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        try:  # so that a full disk can still be told
            handle = os.open(self.at("room-%d" % self.pid), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, _ROOM)
            finally:
                os.close(handle)
        except OSError:
            pass

    def say(self, status):
        """Writes the status beside and renames it: whoever reads it reads it whole. On a full disk only the last one is written, behind tidy(): PyTorch
        would fill the room that one before it gave free."""
        if not self.speaks:
            return
        try:
            self._replace(json.dumps(status).encode("ascii"))
        except OSError:
            pass

    def _replace(self, text):
        beside = self.at(".status-%d.tmp" % self.pid)
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(text)
            os.rename(beside, self.at("status-%d.json" % self.pid))
        except OSError:
            _remove(beside)
            raise

    def tidy(self):
        """Before the last status."""
        _remove(self.at("room-%d" % self.pid))


class _Wish:
    """A request. What makes no sense is left at its standard: it comes from a file."""

    def __init__(self, data):
        def flag(name, standard=False):
            value = data.get(name, standard)
            return value if isinstance(value, bool) else standard

        self.id = str(data.get("id", ""))[:64]
        self.ops, self.kernels, self.shapes = flag("ops", True), flag("kernels", True), flag("shapes", True)
        self.stacks, self.memory, self.modules, self.flops = flag("stacks"), flag("memory"), flag("modules"), flag("flops")
        self.et, self.integral_range, self.all_threads = flag("et"), flag("integral_range"), flag("all_threads")
        names = data.get("integral_ops") or []
        self.integral_ops = [str(name) for name in names][:64] if isinstance(names, (list, tuple)) else []
        self.seconds = _number(data.get("seconds"), 0, 1e7)
        self.steps = _number(data.get("steps"), 1, 10**9)
        self.warmup = _number(data.get("warmup"), 0, 10**6, 0)
        self.start_at_ns = _number(data.get("start_at_ns"), 1, 2**63)
        begin = data.get("from", "now")
        self.begin_seconds = _number(begin.get("seconds"), 0, 1e7) if isinstance(begin, dict) else None
        self.begin_step = _number(begin.get("step"), 0, 10**12) if isinstance(begin, dict) else None
        self.waits_for_torch = begin == "first-op" or isinstance(begin, dict)
        self.kineto = self.ops or self.kernels


# --- What PyTorch offers --------------------------------------------------------------------------------------------------------------------

def _find(torch, name):
    """A name of the profiler, wherever this version has it."""
    for place in ("autograd.profiler", "autograd", "_C._profiler", "_C._autograd", "profiler"):
        holder = torch
        for part in place.split("."):
            holder = getattr(holder, part, None)
        if hasattr(holder, name):
            return getattr(holder, name)
    return None


def _gpu_ready(torch, name, launched):
    """Whether the device is in use. A program that has not touched it yet is not made to: that would forbid it to fork."""
    device = getattr(torch, name, None)
    try:
        return bool(device and (device.is_initialized() or launched and device.is_available()))
    except Exception:
        return False


def _activities(torch, wish, launched, notes):
    kinds = _find(torch, "ProfilerActivity")
    supported = _find(torch, "_supported_activities")
    supported = supported() if supported else set()
    chosen = {kinds.CPU} if wish.ops else set()
    if not wish.kernels:
        return chosen, None
    for name in ("CUDA", "XPU"):
        kind = getattr(kinds, name, None)
        if _gpu_ready(torch, name.lower(), launched):
            if kind is not None and kind in supported:
                return chosen | {kind}, name.lower()
            notes.append("This PyTorch cannot record the GPU: operators only")
            return chosen, None
    if getattr(torch.version, "cuda", None) or getattr(torch.version, "hip", None):
        notes.append("The program has not used the GPU yet: kernels are not recorded")
    return chosen, None


class _Kineto:
    """The profiler by its calls below torch.profiler: those above build a Python object for each event when they stop, which takes seconds."""

    def __init__(self, torch, wish, launched, notes):
        self.torch, self.wish, self.result = torch, wish, None
        self.prepared = self.enabled = False
        self.activities, self.device = _activities(torch, wish, launched, notes)
        if not self.activities:
            raise _Refused("no-profiler", "There is nothing to record: only GPU kernels were asked for, and the program uses no GPU that PyTorch can record")
        self.low = {name: _find(torch, name) for name in ("_prepare_profiler", "_enable_profiler", "_disable_profiler", "ProfilerConfig", "ProfilerState")}
        if None in self.low.values():
            raise AttributeError("this PyTorch has another profiler")
        stacks, modules = wish.stacks, wish.modules
        if (stacks or modules) and sys.getprofile() is not None:
            notes.append("Another Python profiler runs in the program: recorded without Python stacks")
            stacks = modules = False
        arguments = [self.low["ProfilerState"].KINETO, wish.shapes or wish.flops, wish.memory, stacks, wish.flops, modules,
                     self._experimental(stacks or modules, notes)]
        try:
            self.config = self.low["ProfilerConfig"](*(arguments + [wish.id.upper()]))
        except TypeError:  # before 2.5: without an id
            self.config = self.low["ProfilerConfig"](*arguments)

    def _experimental(self, stacks, notes):
        make = _find(self.torch, "_ExperimentalConfig")
        wanted = {"profile_all_threads": True} if self.wish.all_threads else {}
        for extra in ([] if stacks else [{"trace_only": True}]) + [{}]:  # 2.13: what only Python would ask for is not made
            try:
                return make(**dict(wanted, **extra))
            except TypeError:
                pass
        notes.append("This PyTorch cannot record all threads: this thread and what it starts")
        self.wish.all_threads = False
        return make()

    def prepare(self):
        if self.device == "cuda":
            self._keep_graphs_whole()
        self.low["_prepare_profiler"](self.config, self.activities)
        self.prepared = True

    def _keep_graphs_whole(self):
        """CUDA graphs do not outlive that CUPTI is taken down and set up again. torch.profiler leaves the same two variables behind."""
        inductor = sys.modules.get("torch._inductor.config")
        if inductor is not None and getattr(getattr(inductor, "triton", None), "cudagraphs", False):
            os.environ["DISABLE_CUPTI_LAZY_REINIT"] = "1"
            os.environ["TEARDOWN_CUPTI"] = "0"

    def start(self):
        tell = getattr(self.torch.autograd.profiler, "_run_on_profiler_start", None)
        if tell:
            tell()
        self.low["_enable_profiler"](self.config, self.activities)
        self.enabled = True
        self._describe()

    def _describe(self):
        """What torch.profiler writes into its files too."""
        add = _find(self.torch, "_add_metadata_json")
        if not add:
            return
        wish = self.wish
        for name, on in (("profile_memory", wish.memory), ("with_stack", wish.stacks), ("record_shapes", wish.shapes), ("with_modules", wish.modules),
                         ("with_flops", wish.flops)):
            if on:
                add(name, "1")
        try:
            distributed = sys.modules.get("torch.distributed")
            if distributed and distributed.is_available() and distributed.is_initialized():
                add("distributedInfo", json.dumps(self._ranks(distributed), default=str))
        except Exception:
            pass

    def _ranks(self, distributed):
        try:
            return self.torch.profiler._KinetoProfile._get_distributed_info(None)
        except Exception:
            return {"backend": distributed.get_backend(), "rank": distributed.get_rank(), "world_size": distributed.get_world_size()}

    def stop(self):
        if not self.enabled:
            return
        if self.device:
            getattr(self.torch, self.device).synchronize()
        self.enabled = self.prepared = False
        self.result = self.low["_disable_profiler"]()
        tell = getattr(self.torch.autograd.profiler, "_run_on_profiler_stop", None)
        if tell:
            tell()

    def abandon(self):
        """Undoes prepare() and start(). What is prepared only ends by being begun."""
        if self.prepared and not self.enabled:
            self.start()
        self.stop()
        self.result = None

    def save(self, path):
        self.result.save(path)

    def drop(self):
        self.result = None


class _Simple:
    """The profiler by torch.profiler: where its lower calls are not as we know them, and for PyTorch without Kineto."""

    def __init__(self, torch, wish, launched, notes):
        self.wish, self.enabled = wish, False
        activities, self.device = _activities(torch, wish, launched, notes)
        if not activities:
            raise _Refused("no-profiler", "There is nothing to record: only GPU kernels were asked for, and the program uses no GPU that PyTorch can record")
        if not hasattr(torch.profiler, "profile"):
            raise _Refused("no-profiler", "This PyTorch has no profiler")
        wish.all_threads = False
        self.profile = torch.profiler.profile(activities=activities, record_shapes=wish.shapes, profile_memory=wish.memory,
                                              with_stack=wish.stacks, with_flops=wish.flops, with_modules=wish.modules)

    def prepare(self):
        pass

    def start(self):
        self.profile.start()
        self.enabled = True

    def stop(self):
        if self.enabled:
            self.enabled = False
            self.profile.stop()

    abandon = stop

    def save(self, path):
        self.profile.export_chrome_trace(path)

    def drop(self):
        self.profile = None


def _profiler(torch, wish, launched, notes):
    if not torch.autograd.kineto_available():
        notes.append("This PyTorch was built without Kineto: operator names and times only")
        return _Simple(torch, wish, launched, notes)
    try:
        return _Kineto(torch, wish, launched, notes)
    except (AttributeError, TypeError):
        return _Simple(torch, wish, launched, notes)


class _Observer:
    """The execution trace. There is one for the whole process, with a file that is written all the while."""

    RANGE = "ENABLE_PYTORCH_EXECUTION_TRACE_SAVE_INTEGRAL_TENSOR_RANGE"
    DATA = "ENABLE_PYTORCH_EXECUTION_TRACE_SAVE_INTEGRAL_TENSOR_DATA"

    def __init__(self, torch, wish, path):
        kind = getattr(torch.profiler, "ExecutionTraceObserver", None) or getattr(torch.profiler, "ExecutionGraphObserver", None)
        if kind is None:
            raise _Refused("no-profiler", "This PyTorch writes no execution traces")
        self.path, self.resources, self.handle = path, None, -1
        self.observer = kind()
        if wish.integral_ops:
            self.resources = path[:-len(".json")] + "_resources"  # PyTorch writes into it but does not make it
            os.mkdir(self.resources, 0o700)
        try:
            self._register(wish)
        except BaseException:
            self.forget()
            raise
        self.handle = self._own_handle()

    def _register(self, wish):
        """PyTorch reads the two variables just here, and hides a refusal: that somebody else's observer is there shows in that ours has no file."""
        changes = {}
        if wish.integral_range:
            changes[self.RANGE] = "1"
        if wish.integral_ops:
            changes[self.DATA] = ",".join(wish.integral_ops)
        before = {name: os.environ.get(name) for name in changes}
        os.environ.update(changes)
        try:
            self.observer.register_callback(self.path)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        if os.path.exists(self.path):
            return
        try:
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _Refused("cannot-write", "The execution trace cannot be written: %s" % (error.strerror or error))
        raise _Refused("busy-et", "The program already writes an execution trace")

    def _own_handle(self):
        """The open file, by number: a forked child inherits it, and would write into it."""
        try:
            mine = os.stat(self.path)
            for name in os.listdir("/proc/self/fd"):
                try:
                    other = os.fstat(int(name))
                except OSError:
                    continue
                if (other.st_dev, other.st_ino) == (mine.st_dev, mine.st_ino):
                    return int(name)
        except (OSError, ValueError):
            pass
        return -1

    def start(self):
        self.observer.start()

    def stop(self):
        self.observer.stop()

    def close(self):
        self.observer.unregister_callback()
        self.handle = -1
        if self.resources:
            try:
                os.rmdir(self.resources)  # when nothing was captured
                self.resources = None
            except OSError:
                pass

    def forget(self):
        """Without touching the observer that is registered, which is not ours."""
        self.observer._registered = False
        _remove(self.path)
        if self.resources:
            try:
                os.rmdir(self.resources)
            except OSError:
                pass

    def silence_child(self):
        """In a forked child: what is written by it, also what was waiting in buffers, goes nowhere."""
        if self.handle >= 0:
            nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
            os.dup2(nowhere, self.handle, False)
            os.close(nowhere)
        else:
            self.observer.stop()
        self.observer._registered = False


class _StandIns:
    """While we record, the program may want its own profiler, which would find it in use and fail. Then ours ends first."""

    NAMES = (("autograd.profiler", "_prepare_profiler"), ("autograd.profiler", "_enable_profiler"),
             ("profiler.profiler", "_add_execution_trace_observer"), ("profiler.profiler", "_add_execution_graph_observer"))

    def __init__(self, torch, kineto, et, yield_to_program):
        self.places = []
        for place, name in self.NAMES:
            holder = torch
            for part in place.split("."):
                holder = getattr(holder, part, None)
            original = getattr(holder, name, None)
            if original is None or not (et if "observer" in name else kineto):
                continue
            self.places.append((holder, name, original, self._stand_in(original, yield_to_program)))
        for holder, name, _, instead in self.places:
            setattr(holder, name, instead)

    @staticmethod
    def _stand_in(original, yield_to_program):
        def instead(*arguments, **named):
            try:
                yield_to_program()
            except Exception:
                pass
            return original(*arguments, **named)
        instead.opscope = True
        return instead

    @staticmethod
    def taken(torch):
        return getattr(getattr(torch.autograd.profiler, "_enable_profiler", None), "opscope", False)

    def undo(self):
        for holder, name, original, instead in self.places:
            if getattr(holder, name, None) is instead:
                setattr(holder, name, original)
        self.places = []


class _AtEnd:
    """Calls a function when it is destroyed. In the named arguments of a step of an optimizer: when the step has ended, its range included."""

    def __init__(self, function):
        self.function = function

    def __del__(self):
        try:
            self.function()
        except BaseException:
            pass


class _Steps:
    """Counts the steps of optimizers (2.0 and later) and our own; of several, those of the fastest."""

    def __init__(self, reached):
        self.reached, self.counts, self.handle, self.step, self.wanted, self.since = reached, {}, None, 0, None, 0.0

    def watch(self):
        """False: this PyTorch does not tell them."""
        if self.handle is not None:
            return True
        register = getattr(sys.modules.get("torch.optim.optimizer"), "register_optimizer_step_post_hook", None)
        if register is None:
            return False
        hook = self._hook
        dynamo = sys.modules.get("torch._dynamo")
        if dynamo is not None and hasattr(dynamo, "disable"):
            hook = dynamo.disable(hook)  # compiled optimizers call us instead of compiling us
        self.handle = register(hook)
        return True

    def _hook(self, optimizer, arguments, named):
        try:
            if self.add(id(optimizer)):
                named[_AtEnd(self.reached)] = None
        except Exception:
            pass

    def add(self, who):
        """True: a step was reached for which something waits."""
        self.counts[who] = count = self.counts.get(who, 0) + 1
        if count <= self.step:
            return False
        self.step, self.since = count, time.monotonic()
        return self.wanted is not None and count >= self.wanted

    def due(self):
        return self.wanted is not None and self.step >= self.wanted

    def undo(self):
        if self.handle:
            self.handle.remove()
        self.handle, self.wanted = None, None


# --- One recording --------------------------------------------------------------------------------------------------------------------------

class _Recording:
    """From request to files. What touches PyTorch happens on one thread of the program ("there"): the main thread when the script was brought
    in, else the one that calls us. Our own thread only looks, waits and writes."""

    def __init__(self, folder, wish, launched=False):
        self.folder, self.wish, self.launched = folder, wish, launched
        self.comes_in_between = folder.speaks and not launched  # somewhere within a step, of which only whole ones are recorded
        self.torch = self.kineto = self.observer = self.stand_ins = None
        self.steps = _Steps(self._step_reached)
        self.inbox, self.gate = SimpleQueue(), threading.Lock()
        self.due, self.due_since, self.posted = None, 0.0, False
        self.owner, self.thread, self.finalizer = None, None, None
        self.begin_at = self.go_at = self.stop_at = self.go_wall = None
        self.cancelled = self.over = self.forked = False
        self.notes, self.stall, self.trouble = [], 0.0, None
        self.silence, self.heard, self.looked = 0.0, None, time.monotonic()
        self.forks = 0
        self.said, self.told, self.broken = 0.0, None, None
        self.status = {"id": wish.id, "phase": "started", "error": None, "notes": self.notes, "pid": folder.pid, "rank": self._rank(),
                       "python": ".".join(map(str, sys.version_info[:3])), "torch": "", "kineto": False, "cuda": False, "start_ns": 0,
                       "stop_ns": 0, "events": -1, "nodes": -1, "step": -1, "stall_ms": -1, "files": []}

    @staticmethod
    def _rank():
        try:
            return int(os.environ["RANK"])
        except (KeyError, ValueError):
            return None

    # Beginning, in the thread that brought us

    def begin(self):
        self._say()
        self._act(self._first)
        if self.over:
            return self._end()
        atexit.register(self._at_exit)
        try:
            util = sys.modules.get("multiprocessing.util")  # its children end without atexit
            if util is not None and sys.modules["multiprocessing.process"].parent_process() is not None:
                self.finalizer = util.Finalize(None, self._at_exit, exitpriority=1000)
            self.thread = threading.Thread(target=self._watch, name="opscope", daemon=True)
            self.thread.start()
        except BaseException as error:
            self._act(lambda: self._fail("failed", _text(error)))
            self._end()
            if not isinstance(error, Exception):
                _raise_again(error, threading.get_ident())

    def _first(self):
        torch = sys.modules.get("torch") if self.launched else _loaded_torch()
        if torch is None:
            if not self.wish.waits_for_torch and "torch" not in sys.modules:
                raise _Refused("no-torch", "The program has not imported PyTorch")
            self.status["phase"] = "waiting"
            return
        self.torch = torch
        self.status["torch"] = str(getattr(torch, "__version__", ""))[:100]
        self.status["kineto"] = bool(torch.autograd.kineto_available())
        if self.wish.steps or self.wish.begin_step is not None:
            if not self.steps.watch() and self.folder.speaks and not _stepper:
                raise _Refused("failed", "This PyTorch does not tell the steps of optimizers (2.0 and later do): record a time")
        if self.wish.begin_seconds is not None:
            self.begin_at = time.monotonic() + self.wish.begin_seconds
            self.status["phase"] = "waiting"
        elif self.wish.begin_step is not None:
            self.comes_in_between = False
            self.steps.wanted = int(self.wish.begin_step)
            self.status["phase"] = "waiting"
            if self.steps.wanted == 0:
                self._prepare()
        else:
            self._prepare()

    def _prepare(self):
        self.begin_at, self.steps.wanted = None, None
        self._refuse_if_busy()
        wish, torch = self.wish, self.torch
        if wish.et:
            self.observer = _Observer(torch, wish, self.folder.at(self.folder.base + ".et.json"))
        if wish.kineto:
            self.kineto = _profiler(torch, wish, self.launched, self.notes)
            self.status["cuda"] = self.kineto.device == "cuda"
            self.kineto.prepare()
        self.stand_ins = _StandIns(torch, wish.kineto, wish.et, self._give_way)
        os.register_at_fork(after_in_child=_forgetful(self), after_in_parent=_counting(self))
        if wish.start_at_ns:
            self.go_wall = wish.start_at_ns
        elif wish.steps and (wish.warmup or self.comes_in_between):
            self.steps.wanted = self.steps.step + int(max(wish.warmup, self.comes_in_between))
        elif wish.warmup:
            self.go_at = time.monotonic() + wish.warmup
        else:
            return self._go()
        self.status["phase"] = "warming"

    def _refuse_if_busy(self):
        enabled = _find(self.torch, "_profiler_enabled")
        if _StandIns.taken(self.torch):
            raise _Refused("busy", "Another recording by Opscope is under way in the program")
        if self.wish.kineto and (enabled and enabled() or getattr(self.torch.autograd.profiler, "_is_profiler_enabled", False)):
            raise _Refused("busy", "The program is using PyTorch's profiler itself")

    def _go(self):
        if self.go_wall is not None:
            time.sleep(min(max(0.0, self.go_wall / 1e9 - time.time()), 2 * _LEAD))
        self.go_at = self.go_wall = self.steps.wanted = None
        self.owner = threading.get_ident()
        if self.observer:  # first of all: only then both count the calls alike
            self.observer.start()
        if self.kineto:
            self.kineto.start()
        self.status["start_ns"] = time.time_ns()
        self.status["phase"] = "recording"
        if self.wish.steps:
            self.steps.wanted = self.steps.step + int(self.wish.steps)
        elif self.wish.seconds is not None:
            self.stop_at = time.monotonic() + self.wish.seconds
        self.inbox.put(None)

    # Ending

    def _halt(self):
        """Stops; the files are written by our thread, except for what only this one can do."""
        begun, recorded = time.monotonic(), self.status["phase"] == "recording"
        self.status["phase"] = "stopping"
        self.stop_at, self.steps.wanted = None, None
        if not recorded:
            self._undo()
            self.over = True
            return
        self.status["stop_ns"] = time.time_ns()
        if self.observer:
            self._try(self.observer.stop)
        if self.kineto and self._mine():
            self._try(self.kineto.stop)
        elif self.kineto:
            self.notes.append("The thread that was recorded has ended: its operators are lost")
            self.kineto = None
        if self.observer:
            self._try(self.observer.close)
        self._undo(keep=True)
        self.stall += time.monotonic() - begun
        self.status["phase"] = "writing"
        self.inbox.put(None)

    def _mine(self):
        return self.owner in (None, threading.get_ident()) or self.wish.all_threads

    def _try(self, function):
        try:
            function()
        except BaseException as error:
            self.trouble = self.trouble or error

    def _undo(self, keep=False):
        """Nothing of us stays in PyTorch."""
        self._try(self.steps.undo)
        if self.stand_ins:
            self._try(self.stand_ins.undo)
        if keep:
            return
        if self.observer:
            self._try(self.observer.stop)
            self._try(self.observer.close)
            self.observer.forget()
        if self.kineto:
            self._try(self.kineto.abandon)
        self.observer = self.kineto = None

    def _fail(self, code, text):
        self._undo()
        self.status["error"] = {"code": code, "text": text[:_MAX_TEXT]}
        self.status["phase"] = "error"
        self.over = True
        self.inbox.put(None)

    def _give_way(self):
        """The program starts its own profiler, now."""
        if os.getpid() == self.folder.pid and self.status["phase"] in ("warming", "recording") and self._mine():
            self.notes.append("The program started its own profiler: the recording ended there")
            self._act(self._halt)

    def _act(self, action, phase=None):
        """Does something there, if it is still the phase for it. False: another thread, or the code that we interrupted, is about it."""
        if self.over or self.forked or not self.gate.acquire(False):
            return False
        try:
            if phase in (None, self.status["phase"]):
                action()
        except _Refused as refusal:
            self._fail(refusal.code, str(refusal))
        except BaseException as error:
            self._fail("failed", _text(error))
            self.trouble = error
        finally:
            self.gate.release()
        if self.trouble is not None and not isinstance(self.trouble, Exception):
            trouble, self.trouble = self.trouble, None
            self._try(lambda: _raise_again(trouble, threading.get_ident()))
        return True

    # Bringing things there

    def _ask(self, action):
        """Has `action` done there: by the main thread when it next runs Python, or by the thread that calls step()."""
        if self.due is None:
            self.due_since = time.monotonic()
        self.due = (action, self.status["phase"])
        stepper = _stepper if _stepper and time.monotonic() - _stepper[1] < 10 else None
        if self.posted or (stepper and self.owner is None and time.monotonic() - self.due_since < 2):
            return
        if self.owner in (None, threading.main_thread().ident) or self.wish.all_threads:
            self.posted = True
            if not _call_on_main(self._arrive):
                self.posted = False

    def _arrive(self):
        self.posted = False
        self._do_due()

    def _do_due(self):
        due = self.due
        if due is None or (due[0] == self._halt and not self._mine()):
            return
        self.due = None
        if not self._act(*due):
            self.due = due

    def _step_reached(self):
        """A step for which something waits is over."""
        action, phase = self._after_step(), self.status["phase"]
        if action is not None and not self.forked and (action != self._halt or self._mine()):
            self._act(action, phase)

    def _after_step(self):
        return {"waiting": self._prepare, "warming": self._go, "recording": self._halt}.get(self.status["phase"]) if self.steps.due() else None

    def count_step(self):
        """By opscope.step()."""
        if self.due is not None:
            self._do_due()
        if self.steps.add("opscope"):
            self._step_reached()

    # Our own thread

    def _watch(self):
        while not self.over and self.status["phase"] != "writing":
            try:
                self.inbox.get(timeout=self._patience())
            except Empty:
                pass
            if sys.getprofile() is not None:
                sys.setprofile(None)  # Kineto's Python stacks are those of the program, not of this thread
            try:
                self._look()
            except Exception as error:
                self.broken = error  # an end is asked for, as by a stop
        try:
            if self.status["phase"] == "writing":
                self._write()
        except Exception as error:
            self.status["error"] = {"code": "failed", "text": _text(error)}
            self.status["phase"] = "error"
        self._end()
        if "__opscope_folder__" in globals():
            _let_go()

    def _patience(self):
        left = [_POLL] + [moment - time.monotonic() for moment in (self.begin_at, self.go_at, self.stop_at) if moment is not None]
        left += [moment / 1e9 - _LEAD - time.time() for moment in (self.go_wall,) if moment is not None]
        return max(min(left), 0.0005)

    def _look(self):
        now, phase = time.monotonic(), self.status["phase"]
        if self.steps.step:
            self.status["step"] = self.steps.step
        if phase in ("waiting", "warming", "recording", "started") and self._called_off(now):
            self._call_off(phase)
        elif phase == "waiting":
            self._wait(now)
        elif phase == "warming" and (self._past(self.go_at, now) or self._past(self.go_wall, (time.time() + _LEAD) * 1e9)):
            self._ask(self._go)
        elif phase == "recording" and self._past(self.stop_at, now):
            self._ask(self._halt)
        elif self.steps.due() and now - self.steps.since > 0.25 and self._after_step():
            self._ask(self._after_step())  # somebody keeps the arguments of the step
        if now - self.said >= _SAY or self.status["phase"] != self.told:
            self._say()

    @staticmethod
    def _past(moment, now):
        return moment is not None and now >= moment

    def _wait(self, now):
        if self.torch is None:
            if _loaded_torch() is not None:
                self._ask(self._first)
        elif self._past(self.begin_at, now):
            self._ask(self._prepare)

    def _called_off(self, now):
        """Whether Opscope wants an end, or is no more."""
        if self.broken is not None:
            return True
        if not self.folder.speaks:
            return False
        if self.folder.has("cancel") or not os.path.isdir(self.folder.path):
            self.cancelled = True
            return True
        if self.folder.has("stop"):
            return True
        try:
            sign = os.stat(self.folder.at("alive")).st_mtime_ns
        except OSError:
            sign = None
        # Time in which this program did not run either does not count.
        self.silence = 0.0 if sign != self.heard else self.silence + min(now - self.looked, 1.0)
        self.heard, self.looked = sign, now
        return self.silence > _SILENCE

    def _call_off(self, phase):
        if phase in ("warming", "recording"):
            self._ask(self._halt)
        elif self.gate.acquire(False):
            try:
                if self.status["phase"] == phase:
                    self._undo()
                    self.over = True
            finally:
                self.gate.release()

    def _write(self):
        """The files of what was recorded. Kineto's writing holds the interpreter, so it counts as standing still."""
        self._say()
        trace, nodes = self.folder.base + ".pt.trace.json", self.folder.base + ".et.json"
        if self.kineto and not self.cancelled and not self.trouble:
            begun = time.monotonic()
            self._try(lambda: self.kineto.save(self.folder.at(trace)))
            self.kineto.drop()
            self.stall += time.monotonic() - begun
            _remove(self.folder.at(trace + ".tmp"))  # where Kineto could not finish it
        if self.cancelled:
            return self._discard()
        if self.kineto:
            self.status["events"] = _count(self.folder.at(trace), b'"ph": "X"', b'"cat": "Trace"')
        if self.observer:
            self.status["nodes"] = _count(self.folder.at(nodes), b'"rf_id"')
        self.status["stall_ms"] = round(self.stall * 1000, 3)
        if self.launched and self.forks:
            self.notes.append("Processes that a recorded one forks are not recorded, as workers of data loaders; those that multiprocessing starts by "
                              "\"spawn\" are")
        made = [name for name, there in ((trace, self.kineto), (nodes, self.observer)) if there]
        self.status["files"] = [name for name in made if self.folder.has(name)]
        if self.observer and self.observer.resources:
            self.status["files"].append(os.path.basename(self.observer.resources))
        self._judge([name for name in made if not _ends_with(self.folder.at(name), b"}]")])

    def _judge(self, not_whole):
        if self.trouble:
            self.status["error"] = {"code": "failed", "text": _text(self.trouble)}
        elif not_whole:
            self.status["error"] = {"code": "cannot-write", "text": "%s: %s" % (not_whole[0], _why_not_written(self.folder.path))}
        elif self.launched and self.status["events"] <= 0 and self.status["nodes"] <= 2:  # its own two
            self.notes.append("No operator ran")
            return self._discard()
        self.status["phase"] = "error" if self.trouble or not_whole else "done"

    def _discard(self):
        for ending in (".et.json", ".pt.trace.json"):
            _remove(self.folder.at(self.folder.base + ending))
        self.status["files"] = []
        if self.observer and self.observer.resources:
            import shutil
            shutil.rmtree(self.observer.resources, ignore_errors=True)
        self.status["phase"] = "done"

    def _say(self):
        self.told, self.said = self.status["phase"], time.monotonic()
        self.folder.say(self.status)

    def _end(self):
        """Nothing of us stays in the program."""
        global _current
        if self.status["phase"] not in ("done", "error"):
            self.status["phase"] = "done"
            self.notes.append("Stopped before anything was recorded")
        self.over = True
        self.folder.tidy()
        self._say()
        atexit.unregister(self._at_exit)
        if self.finalizer is not None:
            self._try(self.finalizer.cancel)
        if _current is self:
            _current = None
        self.observer = self.kineto = self.stand_ins = self.torch = None

    # Ends of the program

    def _at_exit(self):
        if os.getpid() != self.folder.pid or self.over:
            return
        if self.status["phase"] == "recording":
            self.status["error"] = {"code": "ended", "text": "The program ended first"}
            self._act(self._halt)
        elif self.status["phase"] in ("started", "waiting", "warming"):
            self._act(lambda: self._fail("ended", "The program ended before the recording began"))
        self.inbox.put(None)
        if self.thread is not None and self.thread.is_alive():
            self.thread.join(120)

    def in_child(self):
        """After a fork: this process is not the one that is recorded."""
        global _current
        self.forked, _current = True, None
        for undo in (self.steps.undo, self.stand_ins.undo if self.stand_ins else None, self.observer.silence_child if self.observer else None,
                     self.finalizer.cancel if self.finalizer else None):
            if undo:
                self._try(undo)
        if self.status["phase"] == "recording" and self.owner == threading.get_ident():
            switch = _find(self.torch, "_enable_record_function")
            if switch:
                self._try(lambda: switch(False))  # else it would collect events for nobody
        atexit.unregister(self._at_exit)

    # For those who began it themselves

    def finish(self):
        """Ends it here and now, and waits for the files."""
        if self.status["phase"] in ("started", "waiting", "warming", "recording") and not self.over:
            self._act(self._halt)
        self.inbox.put(None)
        if self.thread is not None:
            self.thread.join()


def _forgetful(recording):
    """Hooks of forks are for ever; this one lets go of the recording when that is over.

    What it always does: once Kineto has run in a process, children that it forks hang when they end by exit(3), in a destructor of Kineto that waits
    for a thread they do not have (those of multiprocessing end otherwise). So they end by _exit(2), their streams flushed: last in, first out."""
    import weakref
    known, endings = weakref.ref(recording), ()
    if recording.wish.kineto:
        try:
            import ctypes
            library = ctypes.CDLL(None)
            endings = (library._exit, library.fcloseall)
            on_exit = library.on_exit
        except AttributeError:
            endings = ()

    def in_child():
        recording = known()
        if recording is not None and not recording.over:
            recording.in_child()
        for ending in endings:
            on_exit(ending, None)
    return in_child


def _counting(recording):
    """Children are not recorded: they inherit a profiler in the middle of its work, whose threads they do not have. Who started the program from Opscope
    expects them, so it is told."""
    import weakref
    known = weakref.ref(recording)

    def in_parent():
        recording = known()
        if recording is not None and not recording.over and recording.status["phase"] == "recording":
            recording.forks += 1
    return in_parent


def _let_go():
    """At the end, as the recorder of a program that knows nothing of it: hooks of forks and callbacks stay in Python for ever, and with them
    these globals, so what is in them goes."""
    names = globals()
    for name in [name for name in names if name != "__builtins__"]:
        names.pop(name, None)


_current = None   # the recording that step() counts for
_stepper = None   # thread that called step() last, and when


def _run(path, launched=False):
    """Carries out the request in the folder `path`, once."""
    global _current
    try:
        folder = _Folder(path, True)
        wish = _Wish(json.loads(folder.read("request.json").decode("utf-8")))
        folder.claim()
    except Exception:
        return False  # nobody asked, or it is done already
    recording = _Recording(folder, wish, launched)
    _current = recording
    recording.begin()
    return True


# --- For programs that import this file -------------------------------------------------------------------------------------------------------

class record:
    """Records what runs inside: `with opscope.record("traces", seconds=2): ...`, on the thread that enters, which must also be the one that leaves.

    out_dir: a folder, made if need be, for HOST_PID.pt.trace.json (kineto) and HOST_PID.et.json (et). seconds, steps: end earlier than the block.
    warmup: seconds, or steps with steps=. integral_ops: operators whose integer inputs are kept whole, as ["aten::embedding"].
    Never raises for what goes wrong with recording: error, notes and files tell when the block is over."""

    def __init__(self, out_dir, et=True, kineto=True, seconds=None, steps=None, shapes=True, stacks=False, memory=False, modules=False, flops=False,
                 integral_range=False, integral_ops=(), all_threads=False, warmup=0):
        self._wish = _Wish(dict(et=et, ops=kineto, kernels=kineto, seconds=seconds, steps=steps, shapes=shapes, stacks=stacks, memory=memory,
                                modules=modules, flops=flops, integral_range=integral_range, integral_ops=list(integral_ops), all_threads=all_threads,
                                warmup=warmup))
        self._out_dir, self._recording = os.path.abspath(os.fspath(out_dir)), None
        self.error, self.notes, self.files = None, [], []

    def __enter__(self):
        global _current
        try:
            os.makedirs(self._out_dir, exist_ok=True)
            self._recording = _current = _Recording(_Folder(self._out_dir, False), self._wish)
            self._recording.begin()
        except Exception as error:
            self.error = _text(error)
        return self

    def __exit__(self, *_):
        recording = self._recording
        if recording is not None:
            recording.finish()
            self.notes, error = recording.notes, recording.status["error"]
            self.error = self.error or (error and error["text"])
            self.files = [os.path.join(self._out_dir, name) for name in recording.status["files"]]
        if self.error:
            import warnings
            warnings.warn("opscope: not recorded: " + self.error, RuntimeWarning, stacklevel=2)
        return False


def step():
    """Tells that a step of the program is over. Nearly free."""
    global _stepper
    _stepper = (threading.get_ident(), time.monotonic())
    if _waiting is not None:
        _take_waiting()
    if _current is not None:
        _current.count_step()


class _Listener:
    """Announces this program to Opscope, and takes its requests."""

    def __init__(self):
        self.pid = os.getpid()
        self.folder = "/tmp/opscope-%d" % os.getuid()
        self.control, self.request = ("%s/%d.%s" % (self.folder, self.pid, kind) for kind in ("control", "request"))

    def announce(self):
        try:
            os.mkdir(self.folder, 0o700)
        except FileExistsError:
            pass
        found = os.lstat(self.folder)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise OSError("%s is not ours alone" % self.folder)
        _remove(self.request)
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rsplit(b")", 1)[1].split()[19])
        torch = _loaded_torch()
        text = json.dumps({"version": VERSION, "pid": self.pid, "start_ticks": ticks, "python": ".".join(map(str, sys.version_info[:3])),
                           "torch": str(torch.__version__)[:100] if torch else "", "rank": _Recording._rank()})
        beside = self.control + ".tmp"
        _remove(beside)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "w") as file:
            file.write(text)
        os.rename(beside, self.control)
        atexit.register(self.leave)
        threading.Thread(target=self._listen, name="opscope-listen", daemon=True).start()

    def leave(self):
        if os.getpid() == self.pid:
            _remove(self.control)
            _remove(self.request)

    def _listen(self):
        while True:
            time.sleep(_POLL)
            if sys.getprofile() is not None:
                sys.setprofile(None)
            try:
                folder = self._asked()
                if folder is not None:
                    self._bring(folder)
            except Exception:
                pass

    def _asked(self):
        """The folder of a request, which must be of this user or root, as the file that names it."""
        try:
            handle = os.open(self.request, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            text = file.read(65536) if stat.S_ISREG(found.st_mode) else b""
        _remove(self.request)
        path = json.loads(text.decode("utf-8"))["folder"]
        there = os.lstat(path)
        ours = (os.getuid(), 0)
        if found.st_uid in ours and stat.S_ISDIR(there.st_mode) and there.st_uid in ours and not there.st_mode & 0o022:
            return path
        return None

    def _bring(self, folder):
        """To the thread that calls step(), if one does; else to the main thread."""
        global _waiting
        _waiting = folder
        until = time.monotonic() + 2
        while _stepper and time.monotonic() - _stepper[1] < 10 and time.monotonic() < until and _waiting is not None:
            time.sleep(0.005)
        while _waiting is not None and not _call_on_main(_take_waiting):
            time.sleep(0.01)


_waiting = None
_listener = None


def _take_waiting():
    global _waiting
    folder, _waiting = _waiting, None
    if folder is not None:
        _run(folder)


def listen(allow_attach=False):
    """Announces this program to Opscope, which then records it when asked to; opens no port. False: it cannot be announced.

    allow_attach: where the system lets only parents look into their children (Yama), let Opscope's other ways in too."""
    global _listener
    try:
        if allow_attach:
            import ctypes
            ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(2**64 - 1), 0, 0, 0)  # PR_SET_PTRACER, anyone
        if _listener is None or _listener.pid != os.getpid():
            listener = _Listener()
            listener.announce()
            _listener = listener
        return True
    except Exception:
        return False


if "__opscope_folder__" in globals():
    _run(globals()["__opscope_folder__"], bool(globals().get("__opscope_launched__")))
