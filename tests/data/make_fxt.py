#!/usr/bin/env python3
"""Makes the .fxt samples of tests/data/fxt, the same bytes every time: make_fxt.py FOLDER.

Shares no code with the program: the layout is that of the published format reference.
"""
import pathlib
import struct
import sys

BEGIN, END, COMPLETE, COUNTER, INSTANT = 2, 3, 4, 1, 0
ASYNC_BEGIN, ASYNC_INSTANT, ASYNC_END, FLOW_BEGIN, FLOW_STEP, FLOW_END = 5, 6, 7, 8, 9, 10


def word(value):
    return struct.pack("<Q", value & (1 << 64) - 1)


def padded(data):
    return data + bytes(-len(data) % 8)


class Trace:
    def __init__(self):
        self.out = word(0x0016547846040010)

    def record(self, header, body=b""):
        self.out += word(header | (1 + len(body) // 8) << 4) + body

    def provider(self, number, name):
        self.record(1 << 16 | number << 20 | len(name) << 52, padded(name.encode()))

    def section(self, number):
        self.record(2 << 16 | number << 20)

    def clock(self, rate, base=None):
        self.record(1, word(rate) + (word(base[0]) + word(base[1]) if base else b""))

    def string(self, index, text):
        data = text.encode()
        self.record(2 | index << 16 | len(data) << 32, padded(data))

    def thread(self, index, process, thread):
        self.record(3 | index << 16, word(process) + word(thread))

    def event(self, kind, thread, category, name, ticks, args=(), tail=None, ids=b""):
        """category and name: an index, or a text that is written inline."""
        refs, inline = [], b""
        for text in (category, name):
            data = text.encode() if isinstance(text, str) else None
            refs.append(text if data is None else 0x8000 | len(data))
            inline += b"" if data is None else padded(data)
        header = 4 | kind << 16 | len(args) << 20 | thread << 24 | refs[0] << 32 | refs[1] << 48
        self.record(header, word(ticks) + ids + inline + b"".join(args) + (b"" if tail is None else word(tail)))

    def kernel_object(self, kind, koid, name, args=()):
        data = name.encode()
        ref = 0x8000 | len(data)
        self.record(7 | kind << 16 | ref << 24 | len(args) << 40, word(koid) + padded(data) + b"".join(args))

    def switch(self, cpu, ticks, outgoing, state, incoming, weight=20):
        args = arg(101, 1, upper=weight)
        self.record(8 | 1 << 16 | cpu << 20 | state << 36 | 1 << 60, word(ticks) + word(outgoing) + word(incoming) + args)

    def wakeup(self, cpu, ticks, thread):
        self.record(8 | cpu << 20 | 2 << 60, word(ticks) + word(thread))


def arg(name, kind, upper=0, body=b""):
    return word(kind | (1 + len(body) // 8) << 4 | name << 16 | (upper & 0xFFFFFFFF) << 32) + body


def number(name, value):
    return arg(name, 1, upper=value)


def text(name, value):
    data = value.encode()
    return arg(name, 6, upper=0x8000 | len(data), body=padded(data))


def pointer(name, value):
    return arg(name, 7, body=word(value))


def koid(name, value):
    return arg(name, 8, body=word(value))


def everything():
    t = Trace()
    t.provider(1, "first")
    t.clock(1_000_000_000, (0, 1_700_000_000_000_000_000))
    for index, value in enumerate(["cat", "work", "step", "size", "who", "", "кадр", "process"], start=1):
        t.string(index, value)
    t.thread(1, 100, 101)
    t.thread(2, 100, 102)
    t.kernel_object(1, 100, "server")
    t.kernel_object(2, 101, "main", [koid(8, 100)])
    t.event(BEGIN, 1, 1, 2, 1000, [number(4, 7), text(5, "me")])
    t.event(COMPLETE, 1, 1, 3, 1200, [pointer(4, 0xDEADBEEF)], tail=1500)
    t.event(COMPLETE, 1, 1, 7, 1600, [], tail=1700)
    t.event(END, 1, 1, 2, 2000, [number(3, -1)])
    t.event(INSTANT, 2, 6, "inline name", 1100, [arg(4, 3, body=word(-5)), arg(5, 9, upper=1)])
    t.event(INSTANT, 0, "inline category", 2, 1150, [], ids=word(7000) + word(1 << 63 | 5))
    for i in range(20):
        t.event(COUNTER, 1, 1, 4, 1000 + 50 * i, [number(3, i), arg(4, 5, body=struct.pack("<d", i / 4))], tail=1)
    t.event(ASYNC_BEGIN, 1, 1, 2, 1300, [number(4, 1)], tail=77)
    t.event(ASYNC_INSTANT, 2, 1, 2, 1350, [], tail=77)
    t.event(ASYNC_END, 2, 1, 2, 1900, [number(3, 2)], tail=77)
    t.event(COMPLETE, 2, 1, 3, 1800, [], tail=2200)
    t.event(FLOW_BEGIN, 1, 1, 2, 1250, [], tail=5)
    t.event(FLOW_STEP, 1, 1, 2, 1650, [], tail=5)
    t.event(FLOW_END, 2, 1, 2, 1900, [], tail=5)
    t.record(9 | 5 << 16 | 1 << 32, word(1950) + padded(b"hello"))
    t.record(5 | 1 << 16 | 3 << 32 | 1 << 48, padded(b"abc"))
    t.record(6 | 1 << 16 | 3 << 24, word(0xDEADBEEF))
    t.record(10, word(0))
    t.record(12, word(0))
    t.record(15, word(1 | 2 << 16 | 1 << 36) + word(1970) + word(3) + padded(b"abc"))
    t.provider(2, "second")
    t.clock(500_000_000)
    t.string(1, "another text of index one")
    t.thread(1, 200, 201)
    for i in range(10):
        t.event(COMPLETE, 1, 1, 1, 600 + 20 * i, [], tail=605 + 20 * i)
    t.section(1)
    t.string(2, "work, again")
    t.event(COMPLETE, 1, 1, 2, 2100, [], tail=2150)
    return t.out


def scheduling():
    t = Trace()
    t.provider(1, "sched")
    t.clock(1_000_000_000)
    t.string(101, "incoming_weight")
    t.string(102, "process")
    t.kernel_object(1, 10, "server")
    for tid, name in ((11, "main"), (12, "worker"), (13, "")):
        t.kernel_object(2, tid, name, [koid(102, 10)])
    t.thread(1, 10, 11)
    t.event(BEGIN, 1, 0, "main loop", 50)
    ticks, running = 100, {0: 0, 1: 0}
    states = [3, 1, 2, 3, 0, 3, 5]
    for i in range(60):
        cpu, ticks = i % 2, ticks + 7 + i * 13 % 11
        incoming = (0, 11, 12, 13)[(i * 7 + i // 5) % 4]
        if incoming in running.values():
            incoming = 0
        t.switch(cpu, ticks, running[cpu], states[i % 6], incoming, weight=20 if incoming else -(1 << 31))
        running[cpu] = incoming
        if i % 5 == 0:
            t.wakeup(cpu, ticks + 3, 12)
    t.event(END, 1, 0, "main loop", ticks)
    return t.out


def magic():
    t = Trace()
    t.provider(0, "jane_tracing")
    t.section(0)
    t.string(1, "process")
    t.clock(1_000_000_000, (0, 1_650_000_000_123_456_789))
    t.kernel_object(1, 1, "./demo --fast [pid=41]")
    t.kernel_object(2, 2, "main", [koid(1, 1)])
    t.kernel_object(1, 3, "./demo --fast [pid=41] [tid=57]")
    t.kernel_object(2, 4, "main", [koid(1, 3)])
    t.kernel_object(2, 5, "cache-misses", [koid(1, 3)])
    t.thread(1, 1, 2)
    t.thread(2, 3, 4)
    t.thread(3, 3, 5)
    t.string(120, "")
    t.string(121, "address")
    t.string(122, "inferred_start_time")
    t.string(123, "CPU")
    t.string(124, "freq (MHz)")
    for i in range(40):
        t.string(20 + i % 4, f"function_{i}")
        t.string(130 + i, f"function_{i}")
        kernel = i % 8 == 7
        address = 0xFFFFFFFF81000000 + i if kernel else 0x401000 + i
        t.event(BEGIN, 1 + i % 2, 120, 130 + i, 100 * i + 5, [pointer(121, address)])
        t.event(END, 1 + i % 2, 120, 20 + i % 4, 100 * i + 90)
    t.event(END, 1, 120, "outer", 5000)
    t.event(BEGIN, 1, 120, "outer", 0, [pointer(121, 0x400000), text(122, "true")])
    t.event(COMPLETE, 2, 120, "[decode error: overflow]", 4100, tail=4100)
    t.event(COMPLETE, 3, 120, "miss", 300, [pointer(121, 0x402000)], tail=300)
    t.event(COUNTER, 1, 120, 123, 10, [number(124, 3400)], tail=1)
    t.event(BEGIN, 2, 120, "never ends", 4200, [])
    return t.out


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for maker in (everything, scheduling, magic):
        (folder / f"{maker.__name__}.fxt").write_bytes(maker())
