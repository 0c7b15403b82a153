"""What tst_Inject attaches to: works in one of several ways until its input ends, and tells at the end whether everything was as it has to be.

    inject_target.py WAY [LIBRARY]      prints "ready", later one line of JSON: {"wrong": [sentences], "passes": N}
"""

import ctypes
import json
import os
import signal
import sys
import threading
import time

wrong = []
passes = 0
ended = False
libc = ctypes.CDLL(None, use_errno=True)


def watch_input():
    global ended
    os.read(0, 1)  # not sys.stdin: forked children would find its lock taken
    ended = True


def expect(true, sentence):
    if not true and len(wrong) < 10:
        wrong.append(sentence)


def work():
    """A sum whose value is known."""
    total = 0.0
    for i in range(20000):
        total += i * 0.5
    expect(total == 99995000.0, "a sum is %r" % total)


def loop():
    work()


def threads():
    if passes == 0:
        for _ in range(3):
            threading.Thread(target=lambda: [work() for _ in iter(lambda: ended, True)]).start()
    work()


def allocations():
    kept = [bytearray(n) for n in range(1, 2000, 7)]
    expect(sum(map(len, kept)) == sum(range(1, 2000, 7)), "allocations have other sizes")
    objects = [{"a": [i], "b": str(i)} for i in range(500)]
    expect(objects[499]["b"] == "499", "an object has changed")


class timespec(ctypes.Structure):
    _fields_ = [("s", ctypes.c_long), ("ns", ctypes.c_long)]


def sleep():
    # Of the C library: Python would go on sleeping after EINTR without a word.
    before = time.monotonic()
    left = timespec(7, 7)
    result = libc.nanosleep(ctypes.byref(timespec(0, 30000000)), ctypes.byref(left))
    expect(result == 0, "nanosleep was interrupted (errno %d)" % ctypes.get_errno())
    expect(time.monotonic() - before >= 0.03, "nanosleep was too short")


def read():
    reader, writer = os.pipe()
    threading.Timer(0.02, os.write, (writer, b"x" * 10)).start()
    into = ctypes.create_string_buffer(10)
    expect(libc.read(reader, into, 10) == 10 and into.raw == b"x" * 10, "read was interrupted (errno %d)" % ctypes.get_errno())
    os.close(reader)
    os.close(writer)


def registers():
    library = ctypes.CDLL(sys.argv[2])
    library.hold_registers.restype = ctypes.c_long
    library.hold_registers.argtypes = [ctypes.c_double]
    changed = library.hold_registers(0.05)
    expect(changed <= 0, "registers have changed %d times" % changed)


def long_call():
    """In native code until the input ends."""
    library = ctypes.CDLL(sys.argv[2])
    library.hold_registers.restype = ctypes.c_long
    library.hold_registers.argtypes = [ctypes.c_double]
    while not ended:
        expect(library.hold_registers(3.0) <= 0, "registers have changed")


def fork():
    child = os.fork()
    if child == 0:
        work()  # runs Python code: what waits in its interpreter as well would show
        os._exit(7)
    expect(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7 if hasattr(os, "waitstatus_to_exitcode") else os.waitpid, "a child ended otherwise")


alarms = 0


def alarm():
    def ring(number, frame):
        global alarms
        alarms += 1

    if passes == 0:
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    before = alarms
    work()
    time.sleep(0.005)
    expect(alarms > before, "the timer has stopped")


def execute():
    """Its other thread becomes another program as soon as there is the file OPSCOPE_GO."""
    def become():
        while not os.path.exists(os.environ["OPSCOPE_GO"]):
            time.sleep(0.001)
        os.execv(sys.executable, [sys.executable, "-c", "import sys; print('another program', flush=True); sys.stdin.read()"])

    if passes == 0:
        threading.Thread(target=become).start()
    work()


def sandbox():
    """mmap of memory that is no file's: -EPERM (way "deny"), or SIGSYS (way "trap")."""
    if passes:
        return work()

    class instruction(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]

    class program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(instruction))]

    answer = 0x00050000 | 1 if sys.argv[1] == "deny" else 0x00030000
    lines = (instruction * 4)(instruction(0x20, 0, 0, 0), instruction(0x15, 0, 1, 9), instruction(0x06, 0, 0, answer), instruction(0x06, 0, 0, 0x7FFF0000))
    libc.prctl(38, 1, 0, 0, 0)
    expect(libc.prctl(22, 2, ctypes.byref(program(4, lines)), 0, 0) == 0, "no sandbox")


ways = {"loop": loop, "threads": threads, "allocations": allocations, "sleep": sleep, "read": read, "registers": registers, "long-call": long_call, "fork": fork,
        "alarm": alarm, "exec": execute, "deny": sandbox, "trap": sandbox}
way = ways[sys.argv[1]]
threading.Thread(target=watch_input, daemon=True).start()
while not ended:
    if passes == 0 and way is not long_call:
        way()
        passes = 1
        print("ready", flush=True)
        continue
    if way is long_call:
        print("ready", flush=True)
    way()
    passes += 1
signal.setitimer(signal.ITIMER_REAL, 0)
print(json.dumps({"wrong": wrong, "passes": passes}), flush=True)
