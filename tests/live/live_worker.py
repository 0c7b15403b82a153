"""What the Python programs of this folder share that know the truth about themselves: threads that measure the functions they call, and the lines of
live_threads.cpp."""

import json
import os
import select
import sys
import threading
import time

threads = []


class Worker(threading.Thread):
    """Calls what is in `work`, by name, over and over."""

    def __init__(self, name, work, pause=0.0):
        super().__init__(name=name, daemon=True)
        self.work = work
        self.pause = pause
        self.functions = dict.fromkeys(work, 0)
        threads.append(self)

    def run(self):
        while True:
            for name, function in self.work.items():
                before = time.thread_time_ns()
                function()
                self.functions[name] += time.thread_time_ns() - before
            if self.pause:
                time.sleep(self.pause)

    def truth(self):
        cpu = time.clock_gettime_ns(time.pthread_getcpuclockid(self.ident))
        return {"tid": self.native_id, "name": self.name, "cpu": cpu, "functions": dict(self.functions)}


def run(work):
    """One thread that is busy and one that sleeps now and then, until the input ends."""
    for worker in (Worker("busy", work), Worker("sleepy", work, pause=0.05)):
        worker.start()
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        print(json.dumps({"time": time.time_ns(), "threads": [worker.truth() for worker in threads]}), flush=True)
    os._exit(0)  # the others never end
